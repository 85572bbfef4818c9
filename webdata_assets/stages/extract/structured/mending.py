"""Text that was meant to be JSON → the value that was meant.

What belongs here: a parser that never gives up, for scripts that a template broke. What does not: anything
that JSON parsers read, as this is slow.
"""

import math
import re
from typing import Any

_MAX_DEPTH = 64
_SKIPPED = re.compile(r"(?:[\s,;:]++|//[^\n]*|/\*.*?(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>)*", re.DOTALL)
_BARE = re.compile(r"[^,\n{}\[\]]*")
_BARE_KEY = re.compile(r"[^\s:,{}\[\]\"']+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.)|\Z)", re.DOTALL)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "None": None}
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?")
_NEXT_KEY = r"""["'][^"'\n]{1,80}["']\s*:"""
_ENDS = {
    "key": re.compile(r"\s*:"),
    "value": re.compile(
        rf"\s*(?:\}}|\]|,\s*(?:{_NEXT_KEY}|[\w$@]+\s*:|[}}\]]|//|/\*|\Z)|{_NEXT_KEY}|//|/\*|\Z)"
    ),
    "entry": re.compile(r"""\s*(?:\]|\}|,\s*(?:["'\[{\]\d-]|[tfn]|//|/\*|\Z)|//|/\*|\Z)"""),
}
"""What must follow the quote that ends a string: of other quotes the author did not know."""


def mend(text: str) -> Any:
    """Return what a broken script says, as far as it can be told; None where that is nothing.

    A string that never ends is left out with its key; values nested deeper than 64 levels say nothing.
    """
    start = re.search(r"[{\[]", text)
    values = _Mending(text, start.start()).values() if start else []
    said = [value for value in values if value]
    return said if len(said) > 1 else said[0] if said else None


class _Mending:
    """One walk over a text. Open containers are on a stack, so that depth costs no recursion."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._roots: list[Any] = []
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []

    def values(self) -> list[Any]:
        while True:
            self._at = self._end_of(_SKIPPED)
            if self._at >= len(self._text):
                return self._roots
            self._step(self._text[self._at])

    def _step(self, sign: str) -> None:
        if sign in "{[":
            self._at += 1
            self._enter({} if sign == "{" else [])
        elif sign in "}]":
            self._at += 1
            self._leave(dict if sign == "}" else list)
        elif not self._open:
            following = re.compile(r"[{\[]").search(self._text, self._at)
            self._at = following.start() if following else len(self._text)
        elif sign in "\"'":
            self._take_string(sign)
        else:
            self._take_bare()

    def _enter(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            self._at = len(self._text)
            self._roots.clear()
            return
        if self._open:
            self._put(container)
        else:
            self._roots.append(container)
        self._open.append(container)
        self._keys.append(None)

    def _leave(self, kind: type) -> None:
        """Close the innermost container of this kind with all in it; a bracket too many closes nothing."""
        if any(isinstance(container, kind) for container in self._open):
            while not isinstance(self._open.pop(), kind):
                self._keys.pop()
            self._keys.pop()

    def _take_string(self, quote: str) -> None:
        inner = self._open[-1]
        is_key = isinstance(inner, dict) and self._keys[-1] is None
        ends = _ENDS["key" if is_key else "value" if isinstance(inner, dict) else "entry"]
        start = at = self._at + 1
        while (at := self._text.find(quote, at)) >= 0:
            if not _is_escaped(self._text, at) and ends.match(self._text, at + 1):
                break
            at += 1
        if at < 0:
            self._at = len(self._text)
            return
        self._at = at + 1
        self._put(_unescaped(self._text[start:at]))

    def _take_bare(self) -> None:
        inner = self._open[-1]
        is_key = isinstance(inner, dict) and self._keys[-1] is None
        start = self._at
        self._at = max(self._end_of(_BARE_KEY if is_key else _BARE), start + 1)
        word = self._text[start : self._at].strip()
        self._put(word if is_key else _constant(word))

    def _put(self, value: Any) -> None:
        inner = self._open[-1]
        if isinstance(inner, list):
            inner.append(value)
        elif self._keys[-1] is not None:
            inner[self._keys[-1]] = value
            self._keys[-1] = None
        elif isinstance(value, str):
            self._keys[-1] = value

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        return match.end() if match else self._at


def _is_escaped(text: str, at: int) -> bool:
    """Return whether an odd number of backslashes stands before a character."""
    before = at
    while before > 0 and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _unescaped(text: str) -> str:
    """Return a string's characters; a false escape gives the character itself, half a character a sign."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _NAMED.get(match[3] or "", match[3] or "")


def _constant(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if not (number := _NUMBER.fullmatch(word)):
        return word
    value = float(word) if number[1] or number[2] else int(word)
    return value if math.isfinite(value) else None
