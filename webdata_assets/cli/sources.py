"""`webdata sources`: list, check and make source files."""

import datetime as dt
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from webdata_assets.errors import PermanentError, SourceFileError
from webdata_assets.settings import Settings
from webdata_assets.sources.document import read_document
from webdata_assets.sources.editing import replace_file
from webdata_assets.sources.model import SOURCE_NAME_PATTERN, Source
from webdata_assets.sources.registry import load_sources
from webdata_assets.sources.template import new_source_yaml

TRIED_PAGES = 3
_LONGEST_NAME = 64


def list_sources() -> list[dict[str, Any]]:
    """Return one row per source, by name. Raises SourceFileError when any file is broken."""
    settings = Settings()
    registry = load_sources(settings.sources, patches=settings.patches)
    return [
        {
            "name": source.name,
            "enabled": source.enabled,
            "via": source.fetch.via,
            "kind": source.extract.kind,
            "start": source.start.isoformat(),
            "schedule": source.schedule,
            "description": source.description,
        }
        for source in registry.all.values()
    ]


def check_sources() -> dict[str, Any]:
    """Return how many files are good, a line per problem, and a line per patch of no source here.

    Functions that sources name are imported, and quality rules looked up: the stages alone know of these.
    """
    settings = Settings()
    try:
        registry = load_sources(settings.sources, patches=settings.patches)
    except SourceFileError as error:
        return {"sources": 0, "problems": str(error).splitlines(), "notes": []}
    found = [_problems(source, registry.paths[name]) for name, source in registry.all.items()]
    return {
        "sources": sum(not problems for problems in found),
        "problems": [*chain.from_iterable(found)],
        "notes": [
            f"{path}: does nothing, for its source is not in {settings.sources}; remove it if none will be"
            for path in registry.idle_patches
        ],
    }


def _problems(source: Source, path: Path) -> list[str]:
    """Return what is wrong with the function and the quality rules that a source names."""
    from webdata_assets.stages.clean.quality.rules import rules_of
    from webdata_assets.stages.extract.python_extractor import load_function

    problems = []
    try:
        if source.extract.python is not None:
            load_function(source.extract.python)
    except PermanentError as error:
        problems.append(_problem(path, ("extract", "python"), f"extract.{error}"))
    try:
        rules_of(source.clean.quality)
    except PermanentError as error:
        problems.append(_problem(path, ("clean", "quality", "except"), str(error)))
    return problems


def _problem(path: Path, key: tuple[str, ...], message: str) -> str:
    return f"{path}:{read_document(path).lines.get(key, 1)}: {message}".replace("\n", " ")


@dataclass(frozen=True)
class NewSource:
    """A source file that is to be written.

    Attributes:
        url: where the source begins.
        name: of the source; made from the URL where it is empty.
        folder: to write to; that of the settings where it is None.
        force: whether an existing file is replaced.
        allow_private: whether loopback and private addresses may be reached.
        requests_per_second: while the site is looked at.
    """

    url: str
    name: str = ""
    folder: Path | None = None
    force: bool = False
    allow_private: bool = False
    requests_per_second: float = 2.0


def author_source(wanted: NewSource, tell: Callable[[str], None]) -> dict[str, Any]:
    """Look at a site, write a commented source file, and try it on sampled pages. Nothing else is stored.

    Args:
        wanted: the file.
        tell: takes a line on each thing that was found.

    Returns:
        `path`, `name`, `requests`, `seconds`, `discover` (how pages are found), `where` (what goes before a
        command that is to read the file), and `tried`: rows of `url` and what `webdata try` reports of it.

    Raises:
        SourceFileError: the name is taken or not allowed, or the file cannot be written.
        PermanentError, TransientError: as `author` does; nothing is written then.
    """
    from webdata_assets.cli.demo_hosts import demo_hosts
    from webdata_assets.cli.tryout import report_of
    from webdata_assets.stages.authoring.authoring import Wish, author, checked_url
    from webdata_assets.stages.authoring.looking import looking_at
    from webdata_assets.stages.authoring.writing import yaml_of
    from webdata_assets.stages.extract.workers.limits import Limits
    from webdata_assets.stages.extract.workers.pool import ExtractionPool

    began = time.monotonic()
    settings = Settings()
    url = checked_url(wanted.url)
    name, path = _place_of(wanted, url, settings)
    wish = Wish(url, name, wanted.allow_private, wanted.requests_per_second)
    with ExitStack() as stack:
        look = looking_at(url, (), allow_private=wish.allow_private, rate=1, via="http")
        connect_to = stack.enter_context(demo_hosts(look, settings))
        limits = Limits(settings.extract_page_seconds, settings.extract_memory_mb)
        pool = stack.enter_context(ExtractionPool(1, limits))
        authored = author(wish, settings, connect_to, pool, tell)
        source = authored.proposal.source
        _write(path, yaml_of(authored.proposal.values), force=wanted.force)
        tried = [
            {"url": seen.came.url, **report_of(source, seen.came.url, seen.payload, source.start, pool)}
            for seen in authored.survey.samples[:TRIED_PAGES]
            if authored.survey.is_readable
        ]
    return {
        "path": str(path),
        "name": name,
        "requests": authored.requests,
        "seconds": round(time.monotonic() - began, 1),
        "discover": source.fetch.discover[0].by,
        "where": "" if path.parent == settings.sources.absolute() else f"WEBDATA_SOURCES={path.parent} ",
        "tried": tried,
    }


def write_template(wanted: NewSource) -> Path:
    """Write a commented source file that starts today, without a look at the site, and return its path.

    Raises:
        SourceFileError: the name is taken or not allowed, the URL is not one, or the file cannot be written.
    """
    name, path = _place_of(wanted, wanted.url, Settings())
    content = new_source_yaml(name, wanted.url, start=dt.datetime.now(dt.UTC).date())
    _write(path, content, force=wanted.force)
    return path


def _place_of(wanted: NewSource, url: str, settings: Settings) -> tuple[str, Path]:
    """Return the source's name and its file, before anything is asked of the site."""
    name = wanted.name or _name_of(url)
    if not re.fullmatch(SOURCE_NAME_PATTERN, name):
        raise SourceFileError(
            f"{name!r} is no source name: use lower-case letters, digits, `_` and `-`, at most 64 (--name)"
        )
    path = (wanted.folder or settings.sources).absolute() / f"{name}.yaml"
    if path.exists() and not wanted.force:
        raise SourceFileError(
            f"{path} exists; choose another name with --name, edit that file, or replace it with --force"
        )
    return name, path


def _name_of(url: str) -> str:
    """Return a name made of a URL's host and the first folder of its path."""
    parts = urlsplit(url)
    host = (parts.hostname or "source").removeprefix("www.")
    first = parts.path.strip("/").partition("/")[0].rpartition(".")
    words = re.findall(r"[a-z0-9]+", f"{host} {first[0] or first[2]}".lower())
    return "_".join(words)[:_LONGEST_NAME].strip("_") or "source"


def _write(path: Path, text: str, *, force: bool) -> None:
    if path.exists() and not force:
        raise SourceFileError(f"{path} was written meanwhile: choose another name with --name")
    replace_file(path, text)
