"""Rollback: a table, or one partition of it, as it was at an earlier version.

What belongs here: restoring, and an honest ledger. What does not: which version a moment means (versions.py),
which tables go back with it (together.py), and telling Dagster (cli/rollback.py).

The ledger hears of it as of any write. First the old data versions are entered as written now, so that
nobody reads them as long as nothing says that they are good; then the table goes back in one commit; then the
verdicts that those very data versions had are entered again. A kill in between leaves partitions unadmitted,
and the same command again completes it. What was rolled back is newer than whatever was made from it, so that
everything downstream is seen to be behind.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.stages.hashing import content_hash
from webdata_assets.store.maintenance.listing import files_below
from webdata_assets.store.migration import as_present
from webdata_assets.store.store import Store, data_version
from webdata_assets.store.together import members
from webdata_assets.store.versions import Version, history, version_at, written_by

RUN_ID = "webdata rollback"
"""What the ledger and Delta's log name as the run."""

_REFUSED = {
    "vector_index": "it lists what the index holds: `webdata publish` makes both anew from what is admitted",
    "release": "`webdata model rollback` goes back to an earlier release",
    "delivery": "it tells what sinks hold: roll back what is delivered, then `webdata publish`",
}
_KEYS = ["date", "source"]


@dataclass(frozen=True)
class RolledBack:
    """One partition, or one unpartitioned table, after a rollback."""

    table: Table
    partition: Partition | None
    to_version: int
    data_version: str
    rows: int
    admitted: bool


def roll_back(
    store: Store, name: str, to: int | dt.datetime, partition: Partition | None = None
) -> list[RolledBack]:
    """Make a table, and those written in the same step, what they were; return what changed by that.

    Args:
        store: with the table.
        name: the asset's.
        to: a Delta version of that table, or a moment.
        partition: only this one, written anew from what it was; the whole table if None: partitions that came
            later are empty then, and not admitted.

    Raises:
        PermanentError: there is no such asset or version, or the asset cannot be rolled back by itself.
        NotAdmittedError: the table was never written.
        TransientError: its files are gone, or other writers won on every try.
    """
    table = _checked(store, name, partition)
    target = version_at(store.location, table, to).version()
    changed = []
    for member, version in members(store.tables, table, target, partition):
        changed += _roll_back(store, member, version, partition)
    return changed


def _checked(store: Store, name: str, partition: Partition | None) -> Table:
    table = TABLES.get(name)
    problem = _REFUSED.get(name)
    if table is None:
        problem = f"there is no such asset; known: {', '.join(TABLES)}"
    elif table.is_log:
        problem = "it is a log of what was done"
    elif partition is not None and not table.partitioned:
        problem = "it has no partitions"
    if table is None or problem is not None:
        raise PermanentError(
            f"{name} cannot be rolled back: {problem}", failure_domain=FailureDomain.CONFIGURATION
        )
    if not store.tables.exists(table):
        raise NotAdmittedError(f"{name} was never materialized")
    return table


def _roll_back(store: Store, table: Table, version: int, partition: Partition | None) -> list[RolledBack]:
    then = version_at(store.location, table, version)
    affected = [partition] if partition or not table.partitioned else _differing(store, table, then)
    _check_files(store, table, then)
    entries = store.tables.scan(CHECK_RESULTS).filter(pl.col("asset") == table.name).collect()
    commits = history(store.location, table)
    held = {one: _held(table, then, one, commits, entries) for one in affected}
    _enter(store, entries, [_write(table, one, *held[one], entries) for one in affected])
    if partition is not None:
        rows = as_present(pl.scan_delta(then), table).filter(_here(partition)).collect()
        store.tables.overwrite(
            table, rows, partition=partition, run_id=RUN_ID, data_version=held[partition][0]
        )
    elif affected and version < (store.tables.version(table) or 0):
        store.tables.restore(table, version, run_id=RUN_ID)
    entries = store.tables.scan(CHECK_RESULTS).filter(pl.col("asset") == table.name).collect()
    verdicts = [row for one in affected for row in _verdicts(entries, one, held[one][0])]
    _enter(store, entries, verdicts)
    admitted = store.ledger.admitted(table).select(_KEYS).rows()
    return [
        RolledBack(table, one, version, *held[one], admitted=_is_among(one, admitted)) for one in affected
    ]


def _is_among(partition: Partition | None, admitted: Sequence[tuple[object, ...]]) -> bool:
    return bool(admitted) if partition is None else (partition.date, partition.source) in admitted


def _differing(store: Store, table: Table, then: DeltaTable) -> list[Partition | None]:
    """Return the partitions that lie in other files now, or that a killed rollback left without verdicts."""
    now = store.tables.open(table)
    assert now is not None
    files = pl.concat([_files(now).with_columns(now=True), _files(then).with_columns(now=False)])
    moved = files.group_by("path", *_KEYS).len().filter(pl.col("len") == 1).select(_KEYS)
    unjudged = store.ledger.states(table).filter(pl.col("judged_at").is_null()).select(_KEYS)
    differing = pl.concat([moved, unjudged]).unique().sort(_KEYS)
    return [Partition(date, source) for date, source in differing.iter_rows()]


def _check_files(store: Store, table: Table, then: DeltaTable) -> None:
    """Raise PermanentError unless every file of an earlier version is still there."""
    wanted = {unquote(str(path)) for path in then.get_add_actions().column("path").to_pylist()}
    gone = wanted - {file.path for file in files_below(store.location, "tables", table.name)}
    if gone:
        raise PermanentError(
            f"{table.name} cannot go back to version {then.version()}: {len(gone)} of its files are gone. "
            "Maintenance keeps those of WEBDATA_KEEP_VERSIONS_DAYS",
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _files(delta: DeltaTable) -> pl.DataFrame:
    actions = pl.DataFrame(delta.get_add_actions(flatten=True))
    return actions.select("path", date=pl.col("partition.date").cast(pl.Date), source="partition.source")


def _held(
    table: Table, then: DeltaTable, partition: Partition | None, commits: list[Version], entries: pl.DataFrame
) -> tuple[str, int]:
    """Return the data version and the number of rows at an earlier version, in the types that they had.

    Rows that a migration gave other types or columns have another hash since. They are what the commit that
    wrote them says that they are, and what the ledger knows with as many rows.
    """
    rows = pl.scan_delta(then)
    if partition is not None:
        rows = rows.filter(_here(partition))
    frame = rows.drop(name for name in table.unhashed if name in rows.collect_schema()).collect()
    if frame.height == 0:
        return data_version(table, table.empty()), 0
    order = [*_KEYS, *table.key] if table.partitioned else list(table.key)
    found = content_hash(frame, sort_by=order)
    known = _of(entries, partition).filter(check=MATERIALIZED)
    written = written_by(commits, then.version(), partition)
    if found not in known["data_version"] and known.filter(data_version=written, rows=frame.height).height:
        found = str(written)
    return found, frame.height


def _write(
    table: Table, partition: Partition | None, version: str, rows: int, entries: pl.DataFrame
) -> dict[str, object]:
    """Return the ledger's entry for a write of an earlier data version."""
    earlier = _of(entries, partition).filter(data_version=version, check=MATERIALIZED).sort("at").tail(1)
    known = earlier.row(0, named=True) if earlier.height else {}
    return {
        "asset": table.name,
        "check": MATERIALIZED,
        "date": partition.date if partition else None,
        "source": partition.source if partition else None,
        "passed": False,
        "severity": "ERROR",
        "blocking": False,
        "value": known.get("value"),
        "data_version": version,
        "code_version": known.get("code_version"),
        "rows": rows,
    }


def _verdicts(entries: pl.DataFrame, partition: Partition | None, version: str) -> list[dict[str, object]]:
    """Return the newest verdict of each check that ever judged a data version of a partition."""
    judged = _of(entries, partition).filter(pl.col("check") != MATERIALIZED, data_version=version)
    return judged.sort("at").group_by("check", maintain_order=True).last().to_dicts()


def _enter(store: Store, entries: pl.DataFrame, rows: Sequence[dict[str, object]]) -> None:
    """Append rows as of now, or right after the newest entry: a clock set back must not reorder them."""
    if not rows:
        return
    newest = entries["at"].max()
    now = store.ledger.now()
    at = max(now, newest + dt.timedelta(microseconds=1)) if isinstance(newest, dt.datetime) else now
    stamped = [{**row, "run_id": RUN_ID, "at": at} for row in rows]
    store.tables.append(CHECK_RESULTS, pl.DataFrame(stamped, schema=CHECK_RESULTS.polars_schema))


def _of(entries: pl.DataFrame, partition: Partition | None) -> pl.DataFrame:
    return entries if partition is None else entries.filter(_here(partition))


def _here(partition: Partition) -> pl.Expr:
    return (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
