"""Chosen blocks → plain text, and the same as Markdown with headings, lists, tables and code.

What belongs here: how a block is written by the elements that hold it. What does not: choosing blocks
(choose.py), and reading Markdown again (structure.py).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from webdata_assets.stages.extract.main_content.blocks import Blocks
from webdata_assets.stages.extract.main_content.tables import Cell, as_rows, is_data_table

_HEADING = re.compile(r"h([1-6])")
_MARKUP = re.compile(r"^(\s*)(?:([#>+*-])(?=\s|$|#)|(\d{1,9})([.)])(?=\s))", re.MULTILINE)
_FENCES = re.compile(r"^`{3,}", re.MULTILINE)
_LIST_TAGS = frozenset({"ul", "ol", "menu", "dir"})
_CELL_TAGS = frozenset({"td", "th"})
_LINE_TAGS = frozenset(
    {"div", "li", "dd", "dt", "summary", "figcaption", "caption", "address", "label", "legend"}
)


@dataclass(frozen=True)
class _Place:
    """What holds a block: set by the elements on the way down to it."""

    heading: int = 0
    is_code: bool = False
    quotes: int = 0
    items: tuple[tuple[int, int, bool], ...] = ()
    """Of each list item from the outside in: its element, its list's element, whether that is numbered."""
    cell: Cell | None = None


@dataclass
class _Lists:
    """Which list items were begun, and how many each list has."""

    begun: dict[int, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def begin(self, item: int, its_list: int) -> int | None:
        """Return the number of an item that begins here, or None where it was begun before."""
        if item in self.begun:
            return None
        self.counts[its_list] = self.begun[item] = self.counts.get(its_list, 0) + 1
        return self.begun[item]


def write(page: Blocks, kept: Sequence[int]) -> tuple[str, str]:
    """Return the kept blocks as plain text and as Markdown.

    Plain text: paragraphs parted by blank lines, list items on lines that begin with `- `, cells of a row
    parted by ` | `. Markdown: `#` headings, nested and numbered lists, pipe tables, fenced code, `>` quotes;
    characters that would be markup at the start of a line are escaped; emphasis and links are left out.

    Args:
        page: the blocks.
        kept: numbers of the blocks to write, rising.
    """
    places = _places(page)
    plain, marked = _Lines(), _Lines()
    lists = _Lists()
    at = layout_end = 0
    while at < len(kept):
        place = places(page.elements[kept[at]])
        if place.cell is not None and at >= layout_end:
            end = at
            while end < len(kept) and _table_of(places(page.elements[kept[end]])) == place.cell.table:
                end += 1
            rows = as_rows((places(page.elements[block]).cell, page.texts[block]) for block in kept[at:end])
            if is_data_table(rows):
                _write_table(rows, plain, marked)
                at = end
                continue
            layout_end = end
        _write_block(page.texts[kept[at]], page.names[page.elements[kept[at]]], place, lists, plain, marked)
        at += 1
    return str(plain), str(marked)


class _Lines:
    """Paragraphs and lines, parted as they ask for."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._previous = ""

    def add(self, text: str, kind: str) -> None:
        """Add a piece: next to one of the same kind on a line of its own, else after a blank line."""
        if self._pieces:
            self._pieces.append("\n" if kind and kind == self._previous else "\n\n")
        self._pieces.append(text)
        self._previous = kind

    def __str__(self) -> str:
        return "".join(self._pieces)


def _write_block(text: str, tag: str, place: _Place, lists: _Lists, plain: _Lines, marked: _Lines) -> None:
    quote = "> " * place.quotes
    if place.is_code:
        fence = "`" * max([3, *(len(run) + 1 for run in _FENCES.findall(text))])
        plain.add(text, "")
        marked.add(_prefixed(f"{fence}\n{text}\n{fence}", quote), "")
        return
    if place.heading:
        for item, its_list, _ in place.items:
            lists.begin(item, its_list)
        line = " ".join(text.split())
        plain.add(line, "")
        marked.add(f"{quote}{'#' * place.heading} {line}", "")
        return
    escaped = _MARKUP.sub(_escaped, text)
    if not place.items:
        kind = "line" if tag in _LINE_TAGS else ""
        plain.add(text, kind)
        marked.add(_prefixed(escaped, quote), "")
        return
    item, its_list, is_numbered = place.items[-1]
    for outer, outer_list, _ in place.items[:-1]:
        lists.begin(outer, outer_list)
    number = lists.begin(item, its_list)
    indent = "  " * (len(place.items) - 1)
    marker = f"{number}. " if is_numbered else "- "
    if number is None:
        plain.add(text, "item")
        marked.add(_prefixed(escaped, f"{quote}{indent}  "), "item")
    else:
        plain.add(f"- {text}", "item")
        marked.add(_prefixed(escaped, f"{quote}{indent}  ", first=f"{quote}{indent}{marker}"), "item")


def _write_table(rows: list[list[str]], plain: _Lines, marked: _Lines) -> None:
    plain.add("\n".join(" | ".join(cell for cell in row if cell) for row in rows), "")
    width = max(map(len, rows))
    lines = []
    for number, row in enumerate(rows):
        cells = [cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] + [""] * (width - len(row))
        lines.append(f"| {' | '.join(cells)} |")
        if number == 0:
            lines.append("|" + " --- |" * width)
    marked.add("\n".join(lines), "")


def _places(page: Blocks) -> Callable[[int], _Place]:
    """Return a function from an element's number to its place; each element is looked at once."""
    known: dict[int, _Place] = {-1: _Place()}

    def place_of(element: int) -> _Place:
        path = []
        while element not in known:
            path.append(element)
            element = page.parents[element]
        place = known[element]
        for number in reversed(path):
            place = known[number] = _within(place, page, number)
        return place

    return place_of


def _within(outer: _Place, page: Blocks, element: int) -> _Place:
    """Return the place inside an element, given the place around it."""
    tag = page.names[element]
    if match := _HEADING.fullmatch(tag):
        return replace(outer, heading=int(match[1]))
    if tag == "pre":
        return replace(outer, is_code=True)
    if tag == "blockquote":
        return replace(outer, quotes=outer.quotes + 1)
    if tag == "li":
        parent = page.parents[element]
        is_list = parent >= 0 and page.names[parent] in _LIST_TAGS
        entry = (element, parent, is_list and page.names[parent] == "ol")
        return replace(outer, items=(*outer.items, entry), cell=None)
    if tag in _CELL_TAGS:
        row = page.parents[element]
        table = row
        while table >= 0 and page.names[table] != "table":
            table = page.parents[table]
        return replace(outer, items=(), cell=Cell(table, row, element) if table >= 0 else None)
    return outer


def _table_of(place: _Place) -> int | None:
    return place.cell.table if place.cell is not None else None


def _escaped(match: re.Match[str]) -> str:
    space, sign, number, dot = match.groups()
    return f"{space}\\{sign}" if sign else f"{space}{number}\\{dot}"


def _prefixed(text: str, prefix: str, first: str | None = None) -> str:
    """Return a text with a prefix on each line, and where given another one on the first."""
    lines = text.split("\n")
    head = prefix if first is None else first
    return "\n".join([head + lines[0], *((prefix + line).rstrip() for line in lines[1:])])
