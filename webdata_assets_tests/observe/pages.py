"""Reading a rendered report: its elements, and its text.

What belongs here: parsing. What does not: assertions.
"""

from html.parser import HTMLParser

SPOKEN = {"title", "aria-label", "datetime"}
"""Attributes whose values are data."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = tuple((name, "" if name in SPOKEN else value) for name, value in attrs)
        self.elements.append((tag, told))
        self.texts += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def elements(page: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """Return every element with its attributes, in order; values that are data are left out."""
    return _read(page).elements


def texts(page: str) -> str:
    """Return everything that a reader or a listener is told, one space between two pieces."""
    return " ".join(" ".join(_read(page).texts).split())


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader
