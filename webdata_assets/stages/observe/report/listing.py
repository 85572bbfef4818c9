"""What sections of the report are made of: tables of plain values, and a few kinds of cells.

What belongs here: shapes that the templates know. What does not: what is told in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from markupsafe import Markup

Tone = Literal["admitted", "warned", "waiting", "failed", "absent", "none"]
"""How a value is coloured, and which sign stands beside it."""

MAX_ROWS = 12
"""Of a table, if it does not say otherwise."""


STACKED = 5
"""Columns of a table at most, whose rows become blocks on a narrow screen."""


@dataclass(frozen=True)
class Badge:
    """A word with the colour and the sign of a state."""

    tone: Tone
    text: str
    kind: ClassVar[str] = "badge"


@dataclass(frozen=True)
class Code:
    """A name, a selector or a command, as it is typed."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Words:
    """Our own words; what stands between backquotes is typed as it is."""

    text: str
    kind: ClassVar[str] = "words"

    @property
    def parts(self) -> list[str]:
        """The words by turns: prose, code, prose …"""
        return self.text.split("`")


Value = str | Badge | Code | Words


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    align: Literal["left", "right"] = "left"
    wide: bool = False
    """Whether it holds sentences."""


@dataclass(frozen=True)
class Listing:
    """A table. `total` is how many rows there are; those that are not shown are counted."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: int

    @property
    def stacks(self) -> bool:
        """Whether its rows are shown cell below cell on a narrow screen: few columns, with sentences."""
        return len(self.columns) <= STACKED and any(column.wide for column in self.columns)

    @property
    def more(self) -> int:
        """Rows that are not shown."""
        return self.total - len(self.rows)


def listing(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Value, ...]],
    *,
    total: int | None = None,
    most: int = MAX_ROWS,
) -> Listing:
    """Return a table of the first rows, at `most`. `total` says how many there are if not all are given."""
    return Listing(title, tuple(columns), tuple(rows[:most]), len(rows) if total is None else total)


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        anchor: names it in the page.
        title: its heading.
        lead: what it says, in one sentence or two.
        listings: its tables; those without a row are left out.
        drawing: an SVG element.
        empty: what is said where there is nothing to tell.
    """

    anchor: str
    title: str
    lead: str
    listings: tuple[Listing, ...] = field(default=())
    drawing: Markup | None = None
    empty: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the sentence of an empty section is shown."""
        return self.drawing is None and not any(each.rows for each in self.listings)
