"""The admission ledger: which data version of which partition passed which checks.

What belongs here: reading and appending entries. What does not: what follows from entries (admission.py), and
the checks' formulas (checks/).

A partition of a table is admitted when, after its newest write, every blocking check of the table passed on
the data version of that write. A write enters the ledger *before* its commit, so that a crash at any moment
leaves the partition unadmitted and never admitted on old verdicts.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from webdata_assets.errors import FailureDomain, NotAdmittedError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.store.admission import fingerprint_of, newest_verdicts_of, states_of, unmet_checks
from webdata_assets.store.tables import Tables
from webdata_assets.store.verdict import Verdict, Write

COMPACT_EVERY = 50
"""Commits after which the ledger's small files are put together, so that reading it stays quick."""


@dataclass(frozen=True)
class _Derived:
    """States of a table's partitions, with the ledger's version and files that they were derived from.

    Files never change: while they are the same, entries of other tables were appended and none of this one.
    """

    version: int | None
    files: frozenset[str]
    states: pl.DataFrame


@dataclass(frozen=True)
class Ledger:
    """Read and append to `check_results`."""

    tables: Tables
    now: Callable[[], dt.datetime]
    _derived: dict[str, "_Derived"] = field(default_factory=dict, repr=False, compare=False)
    """States by table, as they were last derived."""

    def begin_write(
        self,
        table: Table,
        partition: Partition | None,
        *,
        data_version: str,
        code_version: str | None,
        rows: int,
        extracted: int | None,
        run_id: str,
        past_version: str | None = None,
    ) -> None:
        """Enter a write before its commit; from here on the partition is unadmitted until checked.

        Args:
            extracted: how many candidates the rows were selected from, where that is checked later.
            past_version: of the earlier dates that the rows were made of (past.py); None where of none.
        """
        self._append(
            table, partition, [Verdict(MATERIALIZED, passed=False, value=extracted, blocking=False)],
            data_version=data_version, code_version=code_version, rows=rows, run_id=run_id,
            at=self._moment_after(self._entries(table, partition).select("at").collect()),
            past_version=past_version,
        )  # fmt: skip

    def newest_write(self, table: Table, partition: Partition | None) -> Write | None:
        """Return the newest write of a partition, or None when it was never written."""
        return Write.newest(self._entries(table, partition).collect())

    def record(
        self,
        table: Table,
        partition: Partition | None,
        verdicts: Sequence[Verdict],
        *,
        run_id: str,
        judged: Write | None = None,
    ) -> Write:
        """Append verdicts on the newest write of a partition, in one commit.

        Args:
            judged: the write whose rows they are about; the newest one if None.

        Raises:
            NotAdmittedError: the partition was never written.
            TransientError: it was written again since `judged`; verdicts on other rows must not admit these.
        """
        entries = self._entries(table, partition).collect()
        write = Write.newest(entries)
        if write is None:
            raise NotAdmittedError(f"{_name(table, partition)} was never materialized")
        if judged is not None and judged != write:
            raise TransientError(
                f"{_name(table, partition)} was written again while it was judged; judge it once more",
                failure_domain=FailureDomain.SINK,
            )
        self._append(
            table, partition, verdicts,
            data_version=write.data_version, code_version=write.code_version, rows=write.rows,
            run_id=run_id, at=self._moment_after(entries),
        )  # fmt: skip
        return write

    def states(self, table: Table) -> pl.DataFrame:
        """Return the state of every partition ever written.

        Returns:
            Columns `date`, `source`, `data_version`, `code_version`, `rows`, `past_version`, `run_id`, `at`
            of the newest write; `failed` and `missing`, lists of the names of blocking checks that failed or
            have not run on it; `admitted`; and `judged_at`, the moment of its newest verdict.
        """
        version = self.version()
        known = self._derived.get(table.name)
        if known is not None and known.version == version:
            return known.states
        # a commit between these reads makes the states newer than what they are kept for: derived once more
        files = self.tables.files_of(CHECK_RESULTS, table.name)
        if known is None or known.files != files:
            known = _Derived(version, files, states_of(self._entries_of(table), table))
        self._derived[table.name] = replace(known, version=version)
        return known.states

    def admitted(self, table: Table) -> pl.DataFrame:
        """Return `date`, `source` and `data_version` of every admitted partition."""
        return self.states(table).filter("admitted").select("date", "source", "data_version")

    def require_admitted(self, table: Table, partition: Partition | None) -> None:
        """Raise NotAdmittedError, saying what is missing or failed, unless the partition is admitted."""
        states = self.states(table)
        if partition is not None:
            states = states.filter(date=partition.date, source=partition.source)
        name = _name(table, partition)
        if states.height == 0:
            raise NotAdmittedError(f"{name} was never materialized; materialize it first")
        row = states.row(0, named=True)
        if row["failed"]:
            raise NotAdmittedError(
                f"{name} is not admitted: {', '.join(row['failed'])} failed; repair the cause, then rerun it"
            )
        if row["missing"]:
            raise NotAdmittedError(
                f"{name} is not admitted: {', '.join(sorted(row['missing']))} did not run on its newest "
                "data; run it again together with its checks"
            )

    def passed(self, table: Table, data_version: str) -> bool:
        """Return whether all blocking checks ever passed on one data version of an unpartitioned table."""
        entries = self._entries(table, None).filter(pl.col("data_version") == data_version).collect()
        return not unmet_checks(entries, table)

    def newest_verdicts(self, table: Table, check: str) -> pl.DataFrame:
        """Return, per partition, the newest verdict of one check on the newest write.

        Returns:
            Columns `date`, `source`, `passed`, `severity`, `value`, `threshold`, `threshold_origin`,
            `metrics`, `detail`, `data_version`, `code_version`, `at`.
        """
        return self.all_newest_verdicts(table).filter(check=check).drop("check", "blocking")

    def all_newest_verdicts(self, table: Table) -> pl.DataFrame:
        """Return, per partition and check, the newest verdict on the newest write.

        Returns:
            Columns of `newest_verdicts`, and `check` and `blocking`.
        """
        return newest_verdicts_of(self._entries_of(table))

    def earlier_verdicts(
        self, table: Table, partition: Partition, *, since: dt.date | None = None
    ) -> pl.DataFrame:
        """Return the newest verdicts of the admitted partitions of the same source with an earlier date.

        What is compared with the past is compared with what was good then, and with nothing later.

        Args:
            table: a partitioned table.
            partition: whose past is wanted.
            since: the first date that counts; all if none.

        Returns:
            Columns of `all_newest_verdicts`, by date.
        """
        admitted = self.admitted(table).filter(pl.col("date") < partition.date, source=partition.source)
        if since is not None:
            admitted = admitted.filter(pl.col("date") >= since)
        keys = ["date", "source", "data_version"]
        return self.all_newest_verdicts(table).join(admitted.select(keys), on=keys, how="semi")

    def fingerprint(self, names: Sequence[str]) -> str:
        """Return the BLAKE3 of the admitted partitions, with their data versions, of several tables."""
        return fingerprint_of({name: self.states(TABLES[name]) for name in names})

    def version(self) -> int | None:
        """Return a number that stays the same while nothing is entered; None before the first entry."""
        return self.tables.version(CHECK_RESULTS)

    def verdict_counts(self) -> tuple[int, int]:
        """Return how many verdicts ever passed and failed."""
        checks = self.tables.scan(CHECK_RESULTS).filter(pl.col("check") != MATERIALIZED)
        counts = checks.select(passed=pl.col("passed").sum(), failed=(~pl.col("passed")).sum()).collect()
        return int(counts.item(0, "passed")), int(counts.item(0, "failed"))

    def _entries_of(self, table: Table) -> pl.DataFrame:
        return self.tables.scan(CHECK_RESULTS).filter(pl.col("asset") == table.name).collect()

    def _entries(self, table: Table, partition: Partition | None) -> pl.LazyFrame:
        entries = self.tables.scan(CHECK_RESULTS).filter(pl.col("asset") == table.name)
        if partition is None:
            return entries
        return entries.filter((pl.col("date") == partition.date) & (pl.col("source") == partition.source))

    def _moment_after(self, entries: pl.DataFrame) -> dt.datetime:
        """Return now, or a moment after the newest entry: a clock that was set back must not reorder them."""
        newest = entries.select(pl.col("at").max()).item()
        now = self.now()
        return now if newest is None else max(now, newest + dt.timedelta(microseconds=1))

    def _append(
        self,
        table: Table,
        partition: Partition | None,
        verdicts: Sequence[Verdict],
        *,
        data_version: str,
        code_version: str | None,
        rows: int,
        run_id: str,
        at: dt.datetime,
        past_version: str | None = None,
    ) -> None:
        if not verdicts:
            return
        version = self.tables.append(
            CHECK_RESULTS,
            pl.DataFrame(
                [
                    {
                        "asset": table.name,
                        "date": partition.date if partition else None,
                        "source": partition.source if partition else None,
                        **verdict.as_row(),
                        "data_version": data_version,
                        "code_version": code_version,
                        "rows": rows,
                        "past_version": past_version,
                        "run_id": run_id,
                        "at": at,
                    }
                    for verdict in verdicts
                ],
                schema=CHECK_RESULTS.polars_schema,
            ),
        )
        if version % COMPACT_EVERY == 0:
            self.tables.compact(CHECK_RESULTS)


def _name(table: Table, partition: Partition | None) -> str:
    return f"{table.name} {partition}" if partition else table.name
