"""How lineage is declared.

What belongs here: the types. What does not: the lineage of any table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class ColumnOrigin(NamedTuple):
    """One column of one table."""

    table: str
    column: str


@dataclass(frozen=True)
class Lineage:
    """What the columns of one table are made from.

    Attributes:
        carried: table above → columns that are taken from it as they are, under the same name.
        derived: column → `table.column` of all that it is computed from, with spaces between.
    """

    carried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)

    @property
    def origins(self) -> dict[str, tuple[ColumnOrigin, ...]]:
        """What each column with an origin is made from."""
        found: dict[str, tuple[ColumnOrigin, ...]] = {
            column: (ColumnOrigin(table, column),)
            for table, columns in self.carried.items()
            for column in columns
        }
        for column, origins in self.derived.items():
            found[column] = tuple(ColumnOrigin(*name.split(".")) for name in dict.fromkeys(origins.split()))
        return found


def of(table: str, *columns: str) -> str:
    """Return columns of one table as `derived` names them."""
    return " ".join(f"{table}.{column}" for column in columns)
