"""Parts: rows that are handed out frame by frame, because all of them at once need not fit into memory.

What belongs here: the protocol, and rows that lie in one frame already. What does not: where rows come from
(crawl/result.py), and storing them (store/).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import polars as pl

_ROWS_AT_ONCE = 2_000


class Parts(Protocol):
    """Rows of one table in the order of its key. They may be asked for more than once."""

    @property
    def height(self) -> int:
        """The number of rows."""
        ...

    @property
    def bytes_per_row(self) -> int:
        """About how large a row is on average."""
        ...

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        """Yield the rows in parts; columns in `without` may be left out, so that they need not be read."""
        ...


@dataclass(frozen=True)
class FrameParts:
    """The rows of one frame, which is in the order of its table's key."""

    frame: pl.DataFrame

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.frame.height

    @property
    def bytes_per_row(self) -> int:
        """About how large a row is on average."""
        return int(self.frame.estimated_size() / max(1, self.frame.height))

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        """Yield slices of the frame."""
        return self.frame.drop(without, strict=False).iter_slices(_ROWS_AT_ONCE)
