"""The statements that every database understands alike: what differs, the merge, the ledger.

What belongs here: text made of quoted names. What does not: types, values, and what one database writes in
its own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

LEDGER = "webdata_deliveries"
"""The table beside the targets that says which delivery each of them holds."""

NEVER = -1
"""The sequence of a target that has no delivery yet."""


@dataclass(frozen=True)
class Statements:
    """Statements about one target.

    Attributes:
        target: the table, quoted.
        staged: the table with the wanted rows, quoted.
        ledger: quoted.
        key: the key column, quoted.
        columns: all columns, quoted, the key among them.
    """

    target: str
    staged: str
    ledger: str
    key: str
    columns: Sequence[str]

    @cached_property
    def _differs(self) -> str:
        others = [name for name in self.columns if name != self.key]
        return " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in others)

    @property
    def difference(self) -> str:
        """How many rows must be inserted, updated and deleted: one row of three numbers."""
        counts = ", ".join(f"COUNT(CASE WHEN {condition} THEN 1 END)" for condition in self._conditions)
        return f"SELECT {counts} FROM {self._joined}"

    @property
    def differs(self) -> str:
        """How many rows must be changed at all: one number."""
        conditions = " OR ".join(f"({condition})" for condition in self._conditions)
        return f"SELECT COUNT(*) FROM {self._joined} WHERE {conditions}"

    @property
    def _joined(self) -> str:
        return f"{self.target} AS t FULL OUTER JOIN {self.staged} AS s ON t.{self.key} = s.{self.key}"

    @property
    def _conditions(self) -> tuple[str, str, str]:
        new, vanished = f"t.{self.key} IS NULL", f"s.{self.key} IS NULL"
        return new, f"NOT ({new}) AND NOT ({vanished}) AND ({self._differs})", vanished

    @property
    def delete(self) -> str:
        """Delete the rows that are wanted no more."""
        table = self.target.rpartition(".")[2]
        return (
            f"DELETE FROM {self.target} WHERE NOT EXISTS "
            f"(SELECT 1 FROM {self.staged} AS s WHERE s.{self.key} = {table}.{self.key})"
        )

    @property
    def merge(self) -> str:
        """Insert and update what differs, by MERGE."""
        sets = ", ".join(f"{name} = s.{name}" for name in self.columns if name != self.key)
        return (
            f"MERGE INTO {self.target} AS t USING {self.staged} AS s ON t.{self.key} = s.{self.key} "
            f"WHEN MATCHED AND ({self._differs}) THEN UPDATE SET {sets} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(self.columns)}) "
            f"VALUES ({', '.join(f's.{name}' for name in self.columns)})"
        )

    @property
    def upsert(self) -> str:
        """Insert and update what differs, by PostgreSQL's INSERT … ON CONFLICT.

        Only rows that differ are offered to it, for it locks, and so writes, each row that it meets.
        """
        others = [name for name in self.columns if name != self.key]
        sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in others)
        differs = self._differs.replace(" s.", " EXCLUDED.")
        return (
            f"INSERT INTO {self.target} AS t ({', '.join(self.columns)}) "
            f"SELECT {', '.join(f's.{name}' for name in self.columns)} FROM {self.staged} AS s "
            f"LEFT JOIN {self.target} AS t ON t.{self.key} = s.{self.key} "
            f"WHERE t.{self.key} IS NULL OR {self._differs} "
            f"ON CONFLICT ({self.key}) DO UPDATE SET {sets} WHERE {differs}"
        )
