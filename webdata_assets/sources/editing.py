"""Adding a selector to a source file: the only code that edits one.

What belongs here: YAML to YAML, with everything else left as a person wrote it. What does not: which selector
(stages/extract/induction), and whether to add it (cli/selectors.py, automation/auto_repair.py).
"""

import difflib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from webdata_assets.errors import SourceFileError
from webdata_assets.sources.document import parse_document
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import read_source
from webdata_assets.sources.round_trip import appended
from webdata_assets.sources.selectors import Selector, short_selector


def with_selector(text: str, field: str, selector: Selector) -> str:
    """Return the text of a source file in which a field has one more selector, tried after its others.

    Lines that are not about the field stay as they are, letter by letter, unless the file's indentation or
    brackets are such that it has to be written anew; every comment stays, and so do order and quotes. A field
    that the file does not declare is added.

    Args:
        text: of the file.
        field: its name.
        selector: put last in `extract.fields.<field>.from`.

    Raises:
        SourceFileError: the field is an object, the selector is there already, or the file is written in a
            way that does not allow it; the message says what to write by hand.
    """
    before = _parsed(text, field, selector)
    rule = (before["extract"].get("fields") or {}).get(field)
    if isinstance(rule, dict) and "fields" in rule:
        raise SourceFileError(f"extract.fields.{field} is an object: write its selectors by hand")
    keys = selector.model_dump(exclude_none=True)
    if keys in _alternatives(rule):
        raise SourceFileError(f"extract.fields.{field} has {selector.label} already")
    wanted, ends = _expected(before, field, keys), "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    for edited in appended(text, field, keys):
        after = parse_document(edited)
        if not after.problems and after.data == wanted and _comments(edited) == _comments(text):
            return edited.replace("\n", ends)
    raise SourceFileError(_by_hand(field, selector))


def read_text(path: Path) -> str:
    """Return a source file's text, line ends as they are. Raises SourceFileError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceFileError(f"{path} cannot be read ({error.strerror})") from error


def replace_file(path: Path, text: str) -> Source:
    """Put a source file in place of the one that is there, if there is one, and return what it declares.

    The text is read as every source file is before it takes the place, which it does in one step.

    Raises:
        SourceFileError: the text is no good source file, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    except OSError as error:
        raise _unwritable(path, error) from error
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        source = read_source(new)
        if path.exists():
            new.chmod(path.stat().st_mode & 0o777)
        else:
            new.chmod(0o644)
        new.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        new.unlink(missing_ok=True)
    return source


def difference(before: str, after: str, path: Path) -> str:
    """Return what changed between two texts of a file, as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"{path}", f"{path} (new)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _parsed(text: str, field: str, selector: Selector) -> dict[str, Any]:
    document = parse_document(text)
    if document.data is None or document.problems or not isinstance(document.data.get("extract"), dict):
        raise SourceFileError(_by_hand(field, selector))
    return document.data


def _comments(text: str) -> list[str]:
    """Return the comments of a YAML text, sorted: what lies between its tokens."""
    marks = [(token.start_mark.index, token.end_mark.index) for token in yaml.scan(text, yaml.SafeLoader)]
    starts = [start for start, _ in marks[1:]] + [len(text)]
    between = (text[end:start] for (_, end), start in zip(marks, starts, strict=True))
    return sorted(found.rstrip() for gap in between for found in re.findall(r"#[^\n]*", gap))


def _by_hand(field: str, selector: Selector) -> str:
    return (
        f"the file cannot be edited as it is written: add {selector.model_dump(exclude_none=True)} to "
        f"extract.fields.{field}.from by hand"
    )


def _alternatives(rule: object) -> list[object]:
    if isinstance(rule, str):
        return [short_selector(rule)]
    if not isinstance(rule, dict):
        return []
    own = {name: value for name, value in rule.items() if name in Selector.model_fields}
    return [*rule.get("from", []), *([own] if own and "from" not in rule else [])]


def _expected(before: Mapping[str, Any], field: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the parsed document as it must be after the edit: nothing else in it differs."""
    rule = (before["extract"].get("fields") or {}).get(field)
    declared = rule if isinstance(rule, dict) else {}
    rest = {name: value for name, value in declared.items() if name not in Selector.model_fields}
    new = {**rest, "from": [*_alternatives(rule), dict(keys)]}
    fields = {**(before["extract"].get("fields") or {}), field: new}
    return {**before, "extract": {**before["extract"], "fields": fields}}


def _unwritable(path: Path, error: OSError) -> SourceFileError:
    return SourceFileError(
        f"{path} cannot be written ({error.strerror}): give this user write permission, or write to the "
        "patches with `--patch`"
    )
