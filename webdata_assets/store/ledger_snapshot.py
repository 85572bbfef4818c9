"""The ledger at one moment, read once for all tables.

What belongs here: asking several things of one reading. What does not: what follows from entries
(admission.py), and what concerns one table or one partition (ledger.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.store.admission import fingerprint_of, newest_verdicts_of, states_of
from webdata_assets.store.past import made_of_another_past
from webdata_assets.store.tables import Tables


@dataclass(frozen=True)
class LedgerSnapshot:
    """Entries of all tables, by table."""

    entries: Mapping[str, pl.DataFrame]
    _states: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, tables: Tables) -> "LedgerSnapshot":
        """Read all that is entered now."""
        by_table = tables.scan(CHECK_RESULTS).collect().partition_by("asset", as_dict=True)
        return cls({str(name): rows for (name,), rows in by_table.items()})

    def until(self, moment: dt.datetime) -> "LedgerSnapshot":
        """Return what was entered up to a moment."""
        return LedgerSnapshot(
            {name: rows.filter(pl.col("at") <= moment) for name, rows in self.entries.items()}
        )

    def states(self, table: Table) -> pl.DataFrame:
        """Return the state of every partition ever written, as `Ledger.states` does."""
        if table.name not in self._states:
            self._states[table.name] = states_of(self._entries(table), table)
        return self._states[table.name]

    @cached_property
    def of_another_past(self) -> Mapping[Partition, str]:
        """Partitions that were made of other earlier dates than are admitted now (past.py)."""
        return made_of_another_past(self)

    def newest_verdicts(self, table: Table, check: str) -> pl.DataFrame:
        """Return, per partition, the newest verdict of one check, as `Ledger.newest_verdicts` does."""
        return newest_verdicts_of(self._entries(table)).filter(check=check).drop("check", "blocking")

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return the hash of what is admitted of several tables, as `Ledger.fingerprint` does."""
        return fingerprint_of({name: self.states(TABLES[name]) for name in names})

    def _entries(self, table: Table) -> pl.DataFrame:
        return self.entries.get(table.name, CHECK_RESULTS.empty())
