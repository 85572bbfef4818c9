"""What later days cost beside the first, in tables as a deployment has them: `python -m … FILE…`.

What belongs here: the steps of the assets `fingerprints` and `near_duplicates`, and their time. What does
not: Dagster, whose share is the same for any number of records.
"""

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.dedup.across import Comparison, compare
from webdata_assets.stages.dedup.fingerprint import fingerprint_records
from webdata_assets.store import Store
from webdata_assets.store.fingerprints import last_comparison, read_fingerprints, read_texts
from webdata_assets.store.store import data_version
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.benchmarks.near_duplicates.corpus import SOURCES

PARTITIONS = [Partition(dt.date(2026, 6, day), source) for source in SOURCES for day in range(1, 6)]
LATER = {"day_2": Partition(dt.date(2026, 6, 6), "news"), "day_3": Partition(dt.date(2026, 6, 7), "news")}


def write(
    store: Store,
    table: Table,
    rows: pl.DataFrame,
    partition: Partition | None,
    *,
    code_version: str = "1",
) -> None:
    """Write and admit, as the IO manager and the checks do."""
    version = data_version(table, rows)
    store.ledger.begin_write(
        table,
        partition,
        data_version=version,
        code_version=code_version,
        rows=rows.height,
        extracted=None,
        run_id="run",
    )
    store.tables.overwrite(table, rows, partition=partition, run_id="run", data_version=version)
    verdicts = [Verdict(check, passed=True) for check in table.blocking_checks]
    store.ledger.record(table, partition, verdicts, run_id="run")


def records(texts: pl.DataFrame, partition: Partition) -> pl.DataFrame:
    """Return records of a partition with these texts."""
    number = pl.col("number").cast(pl.String).str.zfill(32)
    filled = texts.select(
        pl.lit(partition.date).alias("date"),
        pl.lit(partition.source).alias("source"),
        number.alias("record_id"),
        pl.col("text"),
    )
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in RECORDS.polars_schema.items()
               if name not in filled.columns]  # fmt: skip
    return filled.with_columns(missing).select(list(RECORDS.polars_schema)).sort("record_id")


def fingerprint(store: Store, partition: Partition) -> None:
    """Do what the asset `fingerprints` does for one partition."""
    found = store.tables.scan_partition(RECORDS, partition).select("date", "source", "record_id", "text")
    write(store, FINGERPRINTS, fingerprint_records(found.collect()), partition)


def compare_all(store: Store) -> Comparison:
    """Do what the asset `near_duplicates` does."""
    admitted = read_fingerprints(store)
    found = compare(
        admitted.rows, admitted.partitions, *last_comparison(store), lambda rows: read_texts(store, rows)
    )
    write(store, NEAR_DUPLICATES, found.near_duplicates, None)
    write(store, COMPARED_PARTITIONS, admitted.partitions, None)
    return found


@contextmanager
def timed(costs: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU seconds of a block."""
    started = time.process_time()
    yield
    costs[name] = costs.get(name, 0.0) + time.process_time() - started


def main() -> None:
    first, *later = (pl.read_parquet(path) for path in sys.argv[1:])
    costs: dict[str, float] = {}
    fingerprint_records(records(first.head(50), PARTITIONS[0]))  # libraries are loaded
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(folder)
        share = first.height // len(PARTITIONS)
        for at, partition in enumerate(PARTITIONS):
            write(store, RECORDS, records(first.slice(at * share, share), partition), partition)
        with timed(costs, "day_1_fingerprints"):
            for partition in PARTITIONS:
                fingerprint(store, partition)
        with timed(costs, "day_1_comparison"):
            costs["day_1_duplicates"] = compare_all(store).near_duplicates.height
        for (day, partition), texts in zip(LATER.items(), later, strict=True):
            write(store, RECORDS, records(texts, partition), partition)
            with timed(costs, f"{day}_fingerprints"):
                fingerprint(store, partition)
            with timed(costs, f"{day}_comparison"):
                found = compare_all(store)
            costs[f"{day}_duplicates"] = found.near_duplicates.height
            costs[f"{day}_compared"], costs[f"{day}_texts_read"] = found.compared, found.texts_read
    print(orjson.dumps(costs).decode())


if __name__ == "__main__":
    main()
