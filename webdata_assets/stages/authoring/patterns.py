"""URLs → the regular expressions that find them and their like.

What belongs here: groups of URLs of one form, and their patterns. What does not: which URLs are content.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_FEWEST = 3
_MOST_PATTERNS = 3
_LEAST_SHARE = 0.1
_ENDING = re.compile(r"(?<=.)\.[a-z0-9]{2,5}$")


@dataclass(frozen=True)
class Group:
    """URLs of one form.

    Attributes:
        pattern: a regular expression, searched in a URL, that all of them match.
        urls: in the order in which they were found.
    """

    pattern: str
    urls: tuple[str, ...]


def groups_of(urls: Iterable[str]) -> list[Group]:
    """Return the URLs by their form, the largest group first; small ones are left out if there are others."""
    by_form: dict[tuple[object, ...], list[str]] = {}
    for url in dict.fromkeys(urls):
        by_form.setdefault(_form(url), []).append(url)
    found = sorted(by_form.values(), key=len, reverse=True)
    total = sum(map(len, found))
    large = [group for group in found if len(group) >= max(_FEWEST, _LEAST_SHARE * total)] or found
    return [Group(_pattern(group), tuple(group)) for group in large[:_MOST_PATTERNS]]


def folder_pattern(url: str) -> str:
    """Return the pattern of everything below the folder of a URL."""
    return f"^{re.escape(folder_of(url))}"


def folder_of(url: str) -> str:
    """Return a URL up to the last slash of its path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/"


def spread(urls: Sequence[str], most: int) -> list[str]:
    """Return at most so many of the URLs, evenly spread over their order."""
    if len(urls) <= most:
        return list(urls)
    return [urls[index * len(urls) // most] for index in range(most)]


def _form(url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    segments = parts.path.split("/")[1:]
    ending = _ENDING.search(segments[-1])
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    first = segments[0] if len(segments) > 1 and not segments[0].isdigit() else ""
    return (parts.scheme, parts.netloc, first, len(segments), ending[0] if ending else "",
            segments[-1] == "", tuple(names))  # fmt: skip


def _pattern(urls: Sequence[str]) -> str:
    parts = [urlsplit(url) for url in urls]
    columns = zip(*(part.path.split("/")[1:] for part in parts), strict=True)
    path = "/".join(_segment(column) for column in columns)
    query = _query([part.query for part in parts])
    return f"^{re.escape(f'{parts[0].scheme}://{parts[0].netloc}/')}{path}{query}$"


def _segment(values: Sequence[str]) -> str:
    if len(set(values)) == 1 and (len(values) > 1 or not values[0]):
        return re.escape(values[0])
    if all(value.isdigit() for value in values):
        return r"\d+"
    ending = _ENDING.search(values[0])
    if ending and all(value.endswith(ending[0]) for value in values):
        return f"[^/?]+{re.escape(ending[0])}"
    return "[^/?]+"


def _query(queries: Sequence[str]) -> str:
    if not any(queries):
        return ""
    pairs = [[pair.partition("=") for pair in query.split("&") if pair] for query in queries]
    if len({tuple(pair[:2] for pair in each) for each in pairs}) > 1:
        return r"\?.+"
    columns = zip(*pairs, strict=True)
    texts = []
    for column in columns:
        values = {value for _, _, value in column}
        one = re.escape(next(iter(values))) if len(values) == 1 and len(column) > 1 else ""
        number = r"\d+" if all(value.isdigit() for value in values) else "[^&]*"
        name, equals, _ = column[0]
        texts.append(f"{re.escape(name)}{equals}{one or (number if equals else '')}")
    return r"\?" + "&".join(texts)
