"""Compaction: small files put together, and proof that the content is what it was.

What belongs here: which partitions are put together, and comparing. What does not: the commit (tables.py),
and files that nothing needs any more (cleaning.py).

Beside writers this is harmless. A partition that a run is at work on is left alone. A run that begins
meanwhile and compaction cannot both commit: Delta lets the second one fail, a writer then writes again, and
compaction leaves the partition to the next time. Appends never conflict with it.
"""

from collections import Counter
from dataclasses import dataclass

import polars as pl
from deltalake import DeltaTable

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.stages.hashing import content_hash
from webdata_assets.store.store import Store

SMALL_FILE_BYTES = 50_000_000
"""Half of what Delta puts into one file: two of them fit."""


class ContentChangedError(PermanentError):
    """A table whose content is not what it was before it was put together."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.SINK)


@dataclass(frozen=True)
class Compacted:
    """What compaction of one table did.

    Attributes:
        partitions: put together, and found to hold what they held.
        contested: left to the next time, because somebody wrote there.
        removed_files: that became part of others.
        before: hash of the content of those partitions before; None where nothing was put together.
        after: likewise, after.
    """

    partitions: int = 0
    contested: int = 0
    removed_files: int = 0
    before: str | None = None
    after: str | None = None


def compact(store: Store, table: Table) -> Compacted:
    """Put together the small files of each partition at rest, and compare its content before and after.

    Raises:
        ContentChangedError: the content differs; the table is as it was before, unless somebody wrote since.
    """
    before, after, contested, files = [], [], 0, 0
    for partition in _fragmented(store, table):
        opened = store.tables.open(table)
        assert opened is not None
        earlier = opened.version()
        try:
            version = store.tables.compact(table, partition)
        except TransientError:
            contested += 1
            continue
        operation = opened.history(1)[0]
        if operation["operation"] != "OPTIMIZE" or version == earlier:
            continue  # the files were of a size all the same
        # the version right before: somebody else's commit may lie between it and the look above
        was, now = (_content(store, table, at, partition) for at in (version - 1, version))
        if was != now:
            _take_back(store, table, version)
        before.append(was)
        after.append(now)
        files += int(operation.get("operationMetrics", {}).get("numFilesRemoved", 0))
    if not before:
        return Compacted(contested=contested)
    return Compacted(len(before), contested, files, _joined(before), _joined(after))


def _fragmented(store: Store, table: Table) -> list[Partition | None]:
    """Return the partitions with several small files on which nobody is at work; None for a whole table."""
    delta = store.tables.open(table)
    if delta is None:
        return []
    files = _small_files(delta)
    if not table.partitioned:
        # of a table in parts, such as the ledger by asset, one part with two files makes it worth a commit
        return [None] if max(Counter(files).values(), default=0) > 1 else []
    states = store.ledger.states(table)
    resting = {
        (date.isoformat(), source)
        for date, source in states.filter(pl.col("judged_at").is_not_null()).select("date", "source").rows()
    }
    several = [key for key, number in Counter(files).items() if number > 1 and key in resting]
    return [Partition.from_key(f"{date}|{source}") for date, source in sorted(several)]


def _small_files(delta: DeltaTable) -> list[tuple[str, ...]]:
    """Return the values of the partition columns of each small file."""
    actions = pl.DataFrame(delta.get_add_actions(flatten=True))
    columns = [f"partition.{name}" for name in delta.metadata().partition_columns]
    small = actions.filter(pl.col("size_bytes") < SMALL_FILE_BYTES)
    return [tuple(str(value) for value in row) for row in small.select(columns).iter_rows()] or (
        [()] * small.height
    )


def _content(store: Store, table: Table, version: int, partition: Partition | None) -> str:
    """Return a hash of every column at a version: the house's, and one that takes bytes and vectors too."""
    location = store.location
    delta = DeltaTable(location.table(table.name), version, storage_options=dict(location.options))
    rows = pl.scan_delta(delta)
    if partition is not None:
        rows = rows.filter((pl.col("date") == partition.date) & (pl.col("source") == partition.source))
    heavy = [name for name in rows.collect_schema().names() if name in table.unhashed]
    light = rows.drop(heavy).collect()
    order = [name for name in table.key if name not in heavy]
    # a sum does not depend on the order, and payloads are never in memory at once
    sums = [pl.col(name).hash().sum() for name in heavy]
    totals = rows.select(sums).collect(engine="streaming").row(0) if heavy else ()
    return f"{content_hash(light, sort_by=order)} {totals}"


def _take_back(store: Store, table: Table, version: int) -> None:
    """Restore what lay there before a compaction, if nobody wrote since, and raise."""
    restored = store.tables.version(table) == version
    if restored:
        store.tables.restore(table, version - 1, run_id="maintenance")
    done = (
        "it was restored" if restored else f"`webdata rollback {table.name} --to {version - 1}` restores it"
    )
    raise ContentChangedError(
        f"compaction changed the content of {table.name} (version {version}): {done}; nothing was removed"
    )


def _joined(hashes: list[str]) -> str:
    return content_hash(pl.DataFrame({"hash": hashes}), sort_by=["hash"])
