"""What is made of all partitions together: duplicates, corpus, index, training set, model, delivery.

Partitions hold 1,000 records each, so that their number grows with the records.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.dedup.fingerprint import fingerprint_records
from webdata_assets.store import Store
from webdata_assets_tests.benchmarks.growth.material import (
    CHANGED_EVERY,
    FIRST,
    corpus,
    embeddings,
    features,
    partitions_of,
    records,
    visits,
)
from webdata_assets_tests.benchmarks.growth.running import declare, ready_run, store_of, write

Work = Callable[[], dict[str, float]]


def _fingerprinted(store: Store, rows: pl.DataFrame, partition: Partition) -> None:
    write(store, "records", rows, partition)
    write(
        store,
        "fingerprints",
        fingerprint_records(rows.select("date", "source", "record_id", "text")),
        partition,
    )


def _prepare_near_duplicates(folder: Path, size: int) -> None:
    declare(folder)
    store = store_of(folder)
    for partition, numbers in partitions_of(size):
        _fingerprinted(store, records(numbers, partition), partition)


def _prepare_second_day(folder: Path, size: int) -> None:
    _prepare_near_duplicates(folder, size)
    ready_run(folder, "near_duplicates", "compared_partitions")()
    changed = range(0, size, CHANGED_EVERY)
    _fingerprinted(store_of(folder), records(changed, FIRST, version=2), FIRST)


def _prepare_corpus(folder: Path, size: int) -> None:
    declare(folder)
    store = store_of(folder)
    for partition, numbers in partitions_of(size):
        write(store, "pages", visits(numbers, partition), partition)
        write(store, "records", records(numbers, partition), partition)
    for name in ("near_duplicates", "compared_partitions"):
        write(store, name, TABLES[name].empty(), None)


def _prepare_vectors(folder: Path, size: int) -> None:
    declare(folder)
    store, merged = store_of(folder), []
    for partition, numbers in partitions_of(size):
        rows = records(numbers, partition)
        merged.append(corpus(rows))
        write(store, "records", rows, partition)
        write(store, "features", features(numbers, partition), partition)
        write(store, "embeddings", embeddings(rows, numbers, partition), partition, code_version="1/stand-in")
    write(store, "corpus", pl.concat(merged).sort("record_id"), None)


def _prepare_model(folder: Path, size: int) -> None:
    _prepare_vectors(folder, size)
    ready_run(folder, "training_set")()


def _prepare_delivery(folder: Path, size: int) -> None:
    _prepare_vectors(folder, size)
    for name in ("release", "vector_index"):
        write(store_of(folder), name, TABLES[name].empty(), None)


PREPARE: dict[str, Callable[[Path, int], None]] = {
    "near_duplicates": _prepare_near_duplicates,
    "second_day": _prepare_second_day,
    "corpus": _prepare_corpus,
    "vector_index": _prepare_vectors,
    "training_set": _prepare_vectors,
    "model": _prepare_model,
    "delivery": _prepare_delivery,
}
READY: dict[str, Callable[[Path, int], Work]] = {
    "near_duplicates": lambda folder, _: ready_run(folder, "near_duplicates", "compared_partitions"),
    "second_day": lambda folder, _: ready_run(folder, "near_duplicates", "compared_partitions"),
    "corpus": lambda folder, _: ready_run(folder, "corpus"),
    "vector_index": lambda folder, _: ready_run(folder, "vector_index"),
    "training_set": lambda folder, _: ready_run(folder, "training_set"),
    "model": lambda folder, _: ready_run(folder, "model"),
    "delivery": lambda folder, _: ready_run(folder, "delivery"),
}
