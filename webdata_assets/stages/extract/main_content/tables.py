"""Telling tables of data from tables that only lay a page out.

What belongs here: cells → rows, and the judgement. What does not: writing them (write.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

_MAX_MEAN_CHARACTERS = 200
_MAX_CELL_CHARACTERS = 1_500


@dataclass(frozen=True)
class Cell:
    """A table cell by the numbers of its elements."""

    table: int
    row: int
    cell: int


def as_rows(blocks: Iterable[tuple[Cell | None, str]]) -> list[list[str]]:
    """Return rows of cells; the blocks of one cell are joined by spaces."""
    rows: list[list[str]] = []
    row = cell = None
    for place, text in blocks:
        assert place is not None
        line = " ".join(text.split())
        if place.row != row:
            rows.append([line])
        elif place.cell != cell:
            rows[-1].append(line)
        else:
            rows[-1][-1] += f" {line}"
        row, cell = place.row, place.cell
    return rows


def is_data_table(rows: list[list[str]]) -> bool:
    """Whether rows look like data: at least two, of at least two cells mostly, none a whole page."""
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return False
    cells = [len(cell) for row in rows for cell in row]
    broad = sum(len(row) > 1 for row in rows)
    return (
        2 * broad >= len(rows)
        and sum(cells) / len(cells) <= _MAX_MEAN_CHARACTERS
        and max(cells) <= _MAX_CELL_CHARACTERS
    )
