"""Which names on a page are likely to last: written by people, not made by a build.

What belongs here: judging class names, ids and attribute values, and the words in them. What does not:
selectors made of them (elements.py).
"""

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,49}")
_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9_.:/ -]{1,49}")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LONGEST_DIGITS = 2
_FEWEST_LETTERS = 5
_STATES = frozenset(
    {"active", "selected", "open", "hidden", "visible", "show", "hide", "loaded", "first", "last", "even",
     "odd", "js", "no-js", "lazy", "clearfix", "row", "col", "container", "wrapper"}
)  # fmt: skip
"""Of an element's moment or place in a grid, and not of its meaning."""


def is_lasting_name(name: str) -> bool:
    """Whether a class or an id is a word of people's: no number, hash or state."""
    if not _NAME.fullmatch(name) or name.lower() in _STATES:
        return False
    return not any(is_random(part) for part in re.split(r"[-_]+", name) if part)


def is_lasting_value(value: str) -> bool:
    """Whether an attribute's value may name what an element is for."""
    if not _VALUE.fullmatch(value):
        return False
    return not any(is_random(part) for part in re.split(r"[-_.:/ ]+", value) if part)


def stem(name: str) -> str | None:
    """Return the part by people of a name such as `Price_amount__x3Yz1`, if its last part alone is random."""
    found = re.fullmatch(r"([A-Za-z][A-Za-z_-]{3,}?[_-]{1,2})([A-Za-z0-9+]{4,})", name)
    if found is None or not is_random(found[2]) or not is_lasting_name(found[1].rstrip("_-")):
        return None
    return found[1]


def is_random(part: str) -> bool:
    """Whether a part of a name looks made by a machine: long numbers, mixed letters and digits, no vowels."""
    digits = sum(letter.isdigit() for letter in part)
    if digits and re.fullmatch(r"[0-9a-f]{6,}", part):
        return True
    if digits:
        # `h1`, `col2` and `md4` are names; `1x3yz`, `a3f9` and `12345` are not
        return digits > _LONGEST_DIGITS or not re.fullmatch(r"[A-Za-z]+\d+", part) or len(part) - digits > 12
    if len(part) >= _FEWEST_LETTERS and not re.search(r"[aeiouyAEIOUY]", part):
        return True
    changes = len(re.findall(r"[a-z](?=[A-Z])", part)) + len(re.findall(r"[A-Z](?=[A-Z][a-z])", part))
    return changes > 0 and len(part) / (changes + 1) < 3


def words_of(text: str) -> frozenset[str]:
    """Return the words of a name or selector in lower case: `pdpPrice-box` gives pdp, price, box."""
    return frozenset(word.lower() for word in _WORDS.findall(text) if len(word) > 2)
