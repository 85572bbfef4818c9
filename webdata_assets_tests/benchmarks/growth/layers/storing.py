"""The store by itself: many rows in one partition, and one more partition beside many."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.store.store import data_version
from webdata_assets_tests.benchmarks.growth.material import FIRST, records
from webdata_assets_tests.benchmarks.growth.running import store_of
from webdata_assets_tests.benchmarks.log_growth import FRONTIER, fill, partition_of
from webdata_assets_tests.store.rows import admit, frame, put, row

Work = Callable[[], dict[str, float]]
_FILLED_AT_ONCE = 100
_ONE_MORE = 20
_ROWS_AT_ONCE = 100_000


def _prepare_tables(folder: Path, size: int) -> None:
    # in several files: a million texts need not be in memory at once to be made
    for start in range(0, size, _ROWS_AT_ONCE):
        rows = records(range(start, min(size, start + _ROWS_AT_ONCE)))
        rows.write_parquet(folder / f"records-{start:09d}.parquet")


def _ready_tables(folder: Path, size: int) -> Work:
    table = TABLES["records"]
    rows = pl.read_parquet(folder / "records-*.parquet").cast(dict(table.polars_schema))
    rows = rows.sort("record_id")
    store = store_of(folder)

    def work() -> dict[str, float]:
        put(store, "records", rows)
        admit(store, "records")
        read = store.read_admitted(table, FIRST)
        assert data_version(table, read) == data_version(table, rows)
        hashes = store.scan_admitted(table).select("record_id", "content_hash").collect()
        assert hashes.height == size
        return {}

    return work


def _prepare_partitions(folder: Path, size: int) -> None:
    for start in range(0, size, _FILLED_AT_ONCE):
        fill(store_of(folder), range(start, min(size, start + _FILLED_AT_ONCE)))


def _ready_partitions(folder: Path, size: int) -> Work:
    """Enter, write, judge and read twenty partitions, with a store opened anew for each, as by runs."""

    def work() -> dict[str, float]:
        for number in range(size, size + _ONE_MORE):
            store, partition = store_of(folder), partition_of(number)
            put(store, "frontier", frame("frontier", row("frontier", partition)), partition)
            admit(store, "frontier", partition)
            store_of(folder).read_admitted(FRONTIER, partition)
        return {}

    return work


PREPARE: dict[str, Callable[[Path, int], None]] = {
    "tables": _prepare_tables,
    "partitions": _prepare_partitions,
}
READY: dict[str, Callable[[Path, int], Work]] = {
    "tables": _ready_tables,
    "partitions": _ready_partitions,
}
