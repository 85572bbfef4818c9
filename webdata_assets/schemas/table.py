"""What a table is: its schema class plus what storage, checks and docs need to know of it."""

from dataclasses import dataclass, field
from functools import cached_property

import dataframely as dy
import polars as pl


@dataclass(frozen=True)
class Table:
    """One Delta table, named as its asset.

    Attributes:
        name: the asset's and the table's name.
        schema: the row's columns, types and rules.
        description: one sentence for the UI and the docs.
        key: columns that identify a row within a partition, and the order of its rows.
        partitioned: whether it is partitioned by date and source.
        blocking_checks: checks that must pass on a data version before anyone reads it.
        unhashed: columns outside the content hash: moments, durations, counts of tries, bytes and vectors
            whose own hash is another column.
        unrepeated: columns whose values hardly repeat, texts and hashes, for which a dictionary is a burden.
        is_log: whether its rows tell what was done and when; how many there are depends on how runs fell, so
            that they are no part of the store's content.
        looked_up: whether few rows are read at a time, by key. Pages are small then, and readers unpack only
            what it needs; texts take 3 % more space by that.
    """

    name: str
    schema: type[dy.Schema]
    description: str
    key: tuple[str, ...]
    partitioned: bool = True
    blocking_checks: tuple[str, ...] = ()
    unhashed: frozenset[str] = field(default_factory=frozenset)
    unrepeated: frozenset[str] = field(default_factory=frozenset)
    is_log: bool = False
    looked_up: bool = False

    @cached_property
    def polars_schema(self) -> pl.Schema:
        """Column names and polars types, in the table's order."""
        return pl.Schema({name: column.dtype for name, column in self.schema.columns().items()})

    def empty(self) -> pl.DataFrame:
        """Return a frame with the table's columns and no rows."""
        return pl.DataFrame(schema=self.polars_schema)
