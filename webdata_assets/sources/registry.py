"""Reads every source file of a folder, and holds what they declare.

What belongs here: rules across files, and the report of everything that is wrong. What does not: the rules of
one file (model.py), YAML (document.py) and wording (explain.py).
"""

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from webdata_assets.errors import FailureDomain, PermanentError, SourceFileError
from webdata_assets.sources.document import Problem, read_document
from webdata_assets.sources.explain import explain
from webdata_assets.sources.model import Source
from webdata_assets.sources.paths import with_absolute_paths

_MISSPELT = 0.85
"""So like a source's name is that of a patch that was meant for it."""


@dataclass(frozen=True)
class Registry:
    """The declared sources by name, in alphabetical order."""

    all: Mapping[str, Source]
    paths: Mapping[str, Path]
    idle_patches: tuple[Path, ...] = ()
    """Patches of sources that are not here: of a folder that was used before, or of a source that is gone."""

    @property
    def enabled(self) -> Mapping[str, Source]:
        """The sources that are part of the grid."""
        return MappingProxyType({name: source for name, source in self.all.items() if source.enabled})

    @property
    def start(self) -> dt.date:
        """The earliest start of an enabled source. Raises SourceFileError when none is enabled."""
        if not self.enabled:
            files = ", ".join(str(path) for path in self.paths.values())
            raise SourceFileError(f"no source is enabled; write `enabled: true` in one of {files}")
        return min(source.start for source in self.enabled.values())

    @property
    def end(self) -> dt.date | None:
        """The latest end of the enabled sources, or None when one of them has none."""
        ends = [source.end for source in self.enabled.values()]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def get(self, name: str) -> Source:
        """Return a source. Raises PermanentError, which lists the known names, when there is none."""
        if name not in self.all:
            close = difflib.get_close_matches(name, self.all, n=1)
            guess = f"did you mean `{close[0]}`? " if close else ""
            raise PermanentError(
                f"there is no source {name!r}; {guess}known: {', '.join(self.all)}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return self.all[name]

    def path_of(self, name: str) -> Path:
        """Return the file that declares a source. Raises as `get` does."""
        self.get(name)
        return self.paths[name]


def load_sources(folder: Path, *, patches: Path | None = None) -> Registry:
    """Read `*.yaml` and `*.yml` in a folder.

    Args:
        folder: the folder of source files.
        patches: a folder whose files replace those of the same source; none, or absent, replaces nothing.
            Those of sources that are not in the folder stay idle.

    Raises:
        SourceFileError: with one line for every problem of every file: file, line, field, what, remedy.
    """
    if not folder.is_dir():
        raise SourceFileError(f"{folder}: no such folder; create it, or point WEBDATA_SOURCES to another")
    files = _files(folder)
    if not files:
        raise SourceFileError(f"{folder}: no source file (*.yaml); write one with `webdata sources new`")
    found, report = _read_all(files, folder)
    idle: list[Path] = []
    if patches is not None and patches.is_dir():
        # a patch takes another file's place, and what that one's paths are relative to
        patched, problems = _read_all(_files(patches), folder)
        report += problems
        for name, entry in patched.items():
            if name in found:
                found[name] = entry
            elif close := difflib.get_close_matches(name, found, n=1, cutoff=_MISSPELT):
                what = f"no source {name!r} to patch in {folder}"
                problem = Problem(entry.name_line, "name", what, f"did you mean `{close[0]}`?")
                report.append(problem.describe(entry.path))
            else:
                idle.append(entry.path)
    report += _schedules_of_one_name(found)
    if report:
        raise SourceFileError("\n".join(report))
    names = sorted(found)
    return Registry(
        all=MappingProxyType({name: found[name].source for name in names}),
        paths=MappingProxyType({name: found[name].path for name in names}),
        idle_patches=tuple(idle),
    )


@dataclass(frozen=True)
class _Entry:
    source: Source
    path: Path
    name_line: int


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())


def _read_all(files: list[Path], folder: Path) -> tuple[dict[str, _Entry], list[str]]:
    """Return the sources by name, and every problem of every file; paths in them are below the folder."""
    found: dict[str, _Entry] = {}
    report: list[str] = []
    for path in files:
        source, name_line, problems = _read_source(path, folder)
        report += [problem.describe(path) for problem in problems]
        if source is None:
            continue
        if source.name in found:
            what = f"{source.name!r} is already the name of {found[source.name].path}"
            report.append(Problem(name_line, "name", what, "rename one of the two").describe(path))
            continue
        found[source.name] = _Entry(source, path, name_line)
    return found, report


def _schedules_of_one_name(found: Mapping[str, _Entry]) -> list[str]:
    """Return a problem for each source whose schedule would have another's name: Dagster's have no `-`."""
    report: list[str] = []
    taken: dict[str, str] = {}
    for name, entry in found.items():
        if entry.source.schedule is None or not entry.source.enabled:
            continue
        other = taken.setdefault(schedule_name(entry.source), name)
        if other != name:
            what = f"the schedules of {name!r} and {other!r} would have one name, in which `-` is `_`"
            report.append(
                Problem(entry.name_line, "name", what, "rename one of the two").describe(entry.path)
            )
    return report


def schedule_name(source: Source) -> str:
    """Return the name of a source's schedule in Dagster."""
    return f"crawl_{source.name.replace('-', '_')}"


def read_source(path: Path) -> Source:
    """Read one source file. Raises SourceFileError as `load_sources` does."""
    source, _, problems = _read_source(path, path.parent)
    if problems or source is None:
        raise SourceFileError("\n".join(problem.describe(path) for problem in problems))
    return source


def _read_source(path: Path, folder: Path) -> tuple[Source | None, int, tuple[Problem, ...]]:
    """Return the source if the model accepts it, the line of its name, and what is wrong with the file."""
    document = read_document(path)
    if document.data is None:
        return None, 1, document.problems
    name_line = document.lines.get(("name",), 1)
    try:
        source = Source.model_validate(document.data)
    except ValidationError as error:
        problems = [*document.problems, *explain(error, document)]
        return None, name_line, tuple(sorted(problems, key=lambda problem: problem.line))
    return with_absolute_paths(source, folder), name_line, document.problems
