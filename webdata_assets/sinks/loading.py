"""Reads every sink file of a folder, and says of a broken one what a person has to mend, and where.

What belongs here: files → sinks, and rules across files. What does not: the keys (model.py), YAML and wording
(sources/document.py, sources/explain.py).
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from webdata_assets.errors import SinkFileError
from webdata_assets.sinks.model import KINDS, SinkFile
from webdata_assets.sources.document import Document, Problem, read_document
from webdata_assets.sources.explain import explain


def load_sinks(folder: Path, sources: Collection[str] | None = None) -> Mapping[str, SinkFile]:
    """Read `*.yaml` and `*.yml` in a folder; return the sinks by name, in alphabetical order.

    Args:
        folder: the folder of sink files.
        sources: names of the declared sources, which `sources` may name; None for any.

    Raises:
        SinkFileError: with one line for every problem of every file: file, line, field, what, remedy.
    """
    if not folder.is_dir():
        raise SinkFileError(f"{folder}: no such folder; create it, or point WEBDATA_SINKS to another")
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())
    if not files:
        raise SinkFileError(f"{folder}: no sink file (*.yaml); write one, as docs/sinks.md shows")
    found: dict[str, SinkFile] = {}
    paths: dict[str, Path] = {}
    report: list[str] = []
    for path in files:
        document = read_document(path)
        sink, problems = _read(document)
        if sink is not None:
            problems += _across(sink, document, found, paths, sources)
        report += [problem.describe(path) for problem in sorted(problems, key=lambda each: each.line)]
        if sink is not None and sink.name not in found:
            found[sink.name], paths[sink.name] = sink, path
    if report:
        raise SinkFileError("\n".join(report))
    return MappingProxyType(dict(sorted(found.items())))


def _read(document: Document) -> tuple[SinkFile | None, list[Problem]]:
    problems = list(document.problems)
    if document.data is None:
        return None, problems
    kind = document.data.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        known = ", ".join(KINDS)
        what, remedy = "required, and missing", f"add `kind:` with one of {known}"
        if kind is not None:
            close = difflib.get_close_matches(str(kind), KINDS, n=1)
            what = f"{kind!r} is no kind of sink"
            remedy = f"did you mean `{close[0]}`?" if close else f"use one of {known}"
        return None, [*problems, Problem(document.lines.get(("kind",), 1), "kind", what, remedy)]
    try:
        return model.model_validate(document.data), problems
    except ValidationError as error:
        return None, [*problems, *explain(error, document, model)]


def _across(
    sink: SinkFile,
    document: Document,
    found: Mapping[str, SinkFile],
    paths: Mapping[str, Path],
    sources: Collection[str] | None,
) -> list[Problem]:
    """Return what is wrong with a sink beside others and beside the declared sources."""
    problems = []

    def problem(field: str, what: str, remedy: str, *at: str | int) -> None:
        problems.append(Problem(document.lines.get(at or (field,), 1), field, what, remedy))

    if sink.name in found:
        problem("name", f"{sink.name!r} is already the name of {paths[sink.name]}", "rename one of the two")
    for other in found.values():
        if sink.address is not None and sink.address == other.address:
            problem("kind", f"{other.name} delivers to {sink.address} too", "give each a target of its own")
    for position, source in enumerate(sink.sources if sources is not None else ()):
        assert sources is not None
        if source not in sources:
            known = ", ".join(sorted(sources))
            problem(
                f"sources[{position}]", f"there is no source {source!r}", f"use one of {known}",
                "sources", position,
            )  # fmt: skip
    return problems
