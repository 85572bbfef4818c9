"""A proposal as YAML with its reasons as comments.

What belongs here: text. What does not: what is proposed (proposal.py).
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yaml import safe_load

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z][\w./ -]*[\w)/]|[a-z]")
_HEAD = "# yaml-language-server: $schema=./source.schema.json\n"


@dataclass(frozen=True)
class Because:
    """A value of the file, with why it is proposed."""

    value: Any
    why: str


@dataclass(frozen=True)
class Otherwise:
    """Lines of YAML that could stand in place of others, written as comments."""

    value: Any
    why: str


def yaml_of(proposal: Mapping[str, Any]) -> str:
    """Return the text of a source file.

    Args:
        proposal: keys and values: mappings, lists, texts, numbers and dates, any of them as `Because`.
    """
    return _HEAD + "\n".join(_mapping(proposal, 0)) + "\n"


def plain_of(value: Any) -> Any:
    """Return a proposal without its reasons, as the model of a source takes it."""
    if isinstance(value, Because):
        return plain_of(value.value)
    if isinstance(value, Mapping):
        return {key: plain_of(inner) for key, inner in value.items() if not isinstance(inner, Otherwise)}
    if isinstance(value, list | tuple):
        return [plain_of(inner) for inner in value if not isinstance(inner, Otherwise)]
    return value


def _mapping(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for key, given in values.items():
        if isinstance(given, Otherwise):
            yield from _comment(given.why, depth)
            yield from (f"{pad}# {line}" for line in _mapping({key: given.value}, 0))
            continue
        if isinstance(given, Because):
            yield from _comment(given.why, depth)
        yield from _entry(f"{pad}{_scalar(key)}:", _bare(given), depth)


def _entry(start: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield start
        yield from _mapping(value, depth + 1)
    elif isinstance(value, list | tuple) and any(isinstance(_bare(entry), Mapping) for entry in value):
        yield start
        yield from _list(value, depth + 1)
    else:
        yield f"{start} {_flow(value)}"


def _list(values: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for given in values:
        if isinstance(given, Because | Otherwise):
            yield from _comment(given.why, depth)
        lines = list(_mapping(_bare(given), 0))
        mark = f"{pad}# " if isinstance(given, Otherwise) else pad
        yield from (f"{mark}{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines))


def _bare(given: Any) -> Any:
    return _bare(given.value) if isinstance(given, Because | Otherwise) else given


def _flow(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_scalar(_bare(entry)) for entry in value)}]"
    return "{}" if isinstance(value, Mapping) else _scalar(value)


def _scalar(value: Any) -> str:
    """Return a value on one line; text in quotes where it would read as something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and safe_load(value) == value:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


def _comment(why: str, depth: int) -> Iterator[str]:
    """Yield comment lines; whatever a page wrote stays on them."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in why).split())
    pad = "  " * depth
    for line in textwrap.wrap(words, _WIDTH - len(pad) - 2, break_long_words=True, break_on_hyphens=False):
        yield f"{pad}# {line}"
