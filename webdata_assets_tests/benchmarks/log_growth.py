"""How reading and committing slow down as a table's partitions and its log grow.

What belongs here: latencies at 10, 1,000 and 10,000 partitions. What does not: throughput of writes.

    python -m webdata_assets_tests.benchmarks.log_growth --partitions 10 1000 10000 [--json OUT]

The table is filled by commits of 100 partitions each, one small file a partition; the ledger gets a write and
four verdicts of each. Then 200 single partitions are written by one process, as by a long backfill, and the
last 20 of them are timed. Medians; reads by a process that has just opened the store, and by one that has it
open since before the 200 writes.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.store import Store
from webdata_assets_tests.benchmarks.arguments import report
from webdata_assets_tests.store.rows import NOON, frame, row

FRONTIER = TABLES["frontier"]
VERDICTS = (MATERIALIZED, "schema", "unique_keys", "reconciliation", "freshness")
_AT_ONCE = 100
_WRITES, _TIMED = 200, 20
_SOURCES = 10


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--partitions", type=int, nargs="+", default=[10, 1_000, 10_000])
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    rows = [measure(number) for number in given.partitions]
    report({"log_growth": rows}, [("Milliseconds, medians", rows)], given.json)


def measure(partitions: int, writes: int = _WRITES) -> dict[str, float]:
    """Return latencies in milliseconds at so many partitions, before and after some writes."""
    with tempfile.TemporaryDirectory() as folder:
        Store.open(folder).tables.ensure(FRONTIER)
        for start in range(0, partitions, _AT_ONCE):
            fill(Store.open(folder), range(start, min(partitions, start + _AT_ONCE)))
        store = Store.open(folder)
        one = partition_of(partitions // 2)
        store.tables.read_partition(FRONTIER, one)
        commits = [_timed(lambda at=at: _write(store, partitions + at)) for at in range(writes)]
        return {
            "partitions": partitions,
            "open": _median(lambda: Store.open(folder).tables.version(FRONTIER)),
            "read_one_fresh": _median(lambda: Store.open(folder).tables.read_partition(FRONTIER, one)),
            "read_one_held": _median(lambda: store.tables.read_partition(FRONTIER, one)),
            "ledger_states": _median(lambda: Store.open(folder).ledger.states(FRONTIER)),
            "commit": statistics.median(commits[-_TIMED:]),
        }


def partition_of(number: int) -> Partition:
    """Return a partition by its number, of ten sources."""
    date = dt.date(2000, 1, 1) + dt.timedelta(days=number // _SOURCES)
    return Partition(date, f"s{number % _SOURCES}")


def fill(store: Store, numbers: range) -> None:
    """Write and admit partitions of one row each: one commit to the table, one to the ledger."""
    rows = [row("frontier", partition_of(number)) for number in numbers]
    store.tables.append(FRONTIER, frame("frontier", *rows))
    entries = [
        {
            "asset": "frontier", "check": check, "date": partition_of(number).date,
            "source": partition_of(number).source, "passed": check != MATERIALIZED, "severity": "ERROR",
            "blocking": check in FRONTIER.blocking_checks, "data_version": f"{number:064x}", "rows": 1,
            "run_id": "run", "at": NOON + dt.timedelta(seconds=check != MATERIALIZED),
        }
        for number in numbers
        for check in VERDICTS
    ]  # fmt: skip
    store.tables.append(CHECK_RESULTS, pl.DataFrame(entries, schema=CHECK_RESULTS.polars_schema))


def _write(store: Store, number: int) -> None:
    partition = partition_of(number)
    rows = frame("frontier", row("frontier", partition))
    store.tables.overwrite(FRONTIER, rows, partition=partition, run_id="run", data_version="0" * 64)


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1_000


def _median(action: Callable[[], object], times: int = 9) -> float:
    return statistics.median(_timed(action) for _ in range(times))


if __name__ == "__main__":
    main()
