"""A source file as plain data with the line of every key, read without trusting it.

What belongs here: YAML and its traps (aliases, duplicate keys, depth, size, encoding). What does not: what
the keys mean (model.py) and how a broken one is explained (explain.py).
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_FAST: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, where PyYAML was built with it: 19 times as fast. It refuses a little less, such as `?`
within brackets, and gives the same data."""
_READ_UNLIKE = re.compile("[\t\ufeff]")
"""What it would read otherwise: tabs, and marks of byte order within the text."""
MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_MAX_PLAIN_CHARACTERS = 100
"""Of a number, date or truth value."""
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

KeyPath = tuple[str | int, ...]
_PLAIN_TAGS = {yaml.MappingNode: "tag:yaml.org,2002:map", yaml.SequenceNode: "tag:yaml.org,2002:seq"}
_SCALAR_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")
)
_NO_SUCH_VALUE = (ValueError, OverflowError, LookupError, AttributeError, yaml.YAMLError)
"""What PyYAML raises for a value that is not what its tag says; only tags that are written out, such as
`!!bool x`, bring it to more than ValueError."""


@dataclass(frozen=True)
class Problem:
    """Something wrong in one file, for a person to mend."""

    line: int
    field: str
    """Dotted path such as `fetch.discover[0].items`, or `document`."""
    what: str
    remedy: str
    column: int | None = None

    def describe(self, path: Path) -> str:
        """Return the problem on one line: file, line, field, what is wrong, remedy."""
        place = f"{path}:{self.line}" + (f":{self.column}" if self.column is not None else "")
        return f"{place}: {self.field}: {self.what}; {self.remedy}".replace("\n", " ")


@dataclass(frozen=True)
class Document:
    """What a file holds. `data` is None when it could not be read at all."""

    data: dict[str, Any] | None = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    """The line, counted from 1, of each key and list item."""
    problems: tuple[Problem, ...] = ()


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `fetch.discover[0].items`; `document` for the whole."""
    text = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part if part.isidentifier() else repr(part)}"
        for part in path
    )
    return text.removeprefix(".") or "document"


def read_document(path: Path) -> Document:
    """Read one YAML file. What is wrong with it is returned, not raised."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unusable(
            1, f"cannot be read ({error.strerror})", "give the file read permission, or remove it"
        )
    if len(content) > MAX_BYTES:
        return _unusable(
            1, f"larger than {MAX_BYTES:,} bytes", "a source file is a page of settings: keep data elsewhere"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unusable(line, "not UTF-8 text", "save the file with the encoding UTF-8")
    return parse_document(text)


def parse_document(text: str) -> Document:
    """Parse YAML text. What is wrong with it is returned, not raised."""
    if not _READ_UNLIKE.search(text):
        # what it refuses is read once more, by the parser that says best what is wrong and where
        with suppress(yaml.YAMLError, UnicodeError):
            return _parse(text, _FAST)
    return parse_slowly(text)


def parse_slowly(text: str) -> Document:
    """Parse as `parse_document` does, by PyYAML's own parser."""
    try:
        return _parse(text, yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _unusable(line, "holds a control character", "remove the characters that cannot be printed")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"malformed YAML: {error.problem or error.context}"
        remedy = (
            "check indentation, brackets and quotes around here; quote values that hold `: `, `#`, `?` or `*`"
        )
        return Document(problems=(Problem(line, "document", what, remedy, column),))


def _parse(text: str, loader: type[Any]) -> Document:
    refused = _refused_event(text, loader)
    if refused is not None:
        return Document(problems=(refused,))
    root = yaml.compose(text, Loader=loader)
    if not isinstance(root, yaml.MappingNode):
        what = "empty" if root is None else "not a mapping"
        return _unusable(1, what, "begin with `name: …`, one `key: value` per line")
    reader = _NodeReader()
    data = reader.read(root, ())
    return Document(data, reader.lines, tuple(reader.problems))


def _unusable(line: int, what: str, remedy: str) -> Document:
    return Document(problems=(Problem(line, "document", what, remedy),))


def _refused_event(text: str, loader: type[Any]) -> Problem | None:
    """Return what must not even be composed: aliases, which can explode, and nesting without end."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            what = f"anchors and aliases are not allowed (`{event.anchor}`)"
            return Problem(line, "document", what, "write the value out where it is needed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            what = f"nested more than {MAX_DEPTH} deep"
            return Problem(line, "document", what, "a source file needs few levels: check brackets")
    return None


class _NodeReader:
    """Turns nodes into plain data, noting lines and problems on the way."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == _PLAIN_TAGS[yaml.MappingNode]:
            return dict(self._entries(node, path))
        if isinstance(node, yaml.SequenceNode) and node.tag == _PLAIN_TAGS[yaml.SequenceNode]:
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALAR_TAGS:
            return self._scalar(node, path)
        self._report(
            node, path, f"the tag {node.tag!r} is not allowed", "write a plain value, or quote the text"
        )
        return None

    def _entries(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node, path), key_node.start_mark.line + 1
            if key is None:
                continue
            below = (*path, key)
            if key in seen:
                what = f"the key is given twice, first on line {seen[key]}"
                self._report(key_node, below, what, "keep one of them")
                continue
            seen[key] = self.lines[below] = line
            yield key, self.read(value_node, below)

    def _key(self, node: yaml.Node, path: KeyPath) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            return str(node.value)
        shown = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        self._report(node, path, f"the key {shown!r} is not text", "put quotes around it, or remove it")
        return None

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind == "str" and _HALF_CHARACTER.search(node.value):
            self._report(node, path, "holds half a surrogate pair", "write the character itself")
            return None
        if kind != "str" and len(node.value) > _MAX_PLAIN_CHARACTERS:
            # numbers in base 60 take the square of their length
            what = f"a {kind} of {len(node.value):,} characters"
            self._report(node, path, what, "quote it if it is text")
            return None
        try:
            return self._scalars.construct_object(node)
        except _NO_SUCH_VALUE:
            what = f"{node.value[:80]!r} looks like a {kind} and is none"
            self._report(node, path, what, "correct it (dates are YYYY-MM-DD), or quote it if it is text")
            return None

    def _report(self, node: yaml.Node, path: KeyPath, what: str, remedy: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, dotted(path), what, remedy))
