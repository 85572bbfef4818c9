"""`webdata sources`: list, check and make source files."""

import datetime as dt
from itertools import chain
from pathlib import Path
from typing import Any

from webdata_assets.errors import PermanentError, SourceFileError
from webdata_assets.settings import Settings
from webdata_assets.sources.document import read_document
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import load_sources
from webdata_assets.sources.template import new_source_yaml


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
    """Return how many files are good, or a line per problem.

    Functions that sources name are imported, and quality rules looked up: the stages alone know of these.
    """
    settings = Settings()
    try:
        registry = load_sources(settings.sources, patches=settings.patches)
    except SourceFileError as error:
        return {"sources": 0, "problems": str(error).splitlines()}
    found = [_problems(source, registry.paths[name]) for name, source in registry.all.items()]
    return {"sources": sum(not problems for problems in found), "problems": [*chain.from_iterable(found)]}


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


def new_source(name: str, url: str) -> Path:
    """Write a commented source file that starts today, and return its path.

    Raises:
        SourceFileError: the name is taken or not allowed, or the URL is not one.
    """
    folder = Settings().sources
    content = new_source_yaml(name, url, start=dt.datetime.now(dt.UTC).date())
    path = folder / f"{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError as error:
        raise SourceFileError(f"{path} exists; choose another name, or edit that file") from error
    except OSError as error:
        raise SourceFileError(
            f"{path} cannot be written ({error.strerror}): give this user write permission, or point "
            "WEBDATA_SOURCES to another folder"
        ) from error
    return path.absolute()
