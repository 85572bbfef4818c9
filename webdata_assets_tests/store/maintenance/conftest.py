"""An empty store, and a store with versions, small files and litter."""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store import Store
from webdata_assets.store.maintenance.maintain import maintain
from webdata_assets_tests.store.rows import BLOG, SHOP, admit, digest, frame, put, row

NOW = dt.datetime.now(dt.UTC)

Maintain = Callable[..., pl.DataFrame]


def age(path: Path, days: float) -> None:
    """Make a file as old as that."""
    moment = (NOW - dt.timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


def append_vectors(store: Store, count: int) -> None:
    """Add vectors of a model whose name needs quoting in a path, each in a file of its own."""
    for number in range(count):
        row = {"model_id": "name@sha/int8/mean/256", "text_hash": digest(str(number)), "vector": b"\0" * 8}
        store.tables.append(VECTORS, pl.DataFrame([row], schema=VECTORS.polars_schema))


@pytest.fixture
def used_store(tmp_path: Path) -> Store:
    """Two partitions of three layers, written twice; a ledger and vectors of many small files."""
    store = Store.open(str(tmp_path / "store"))
    for number in (1, 2):
        for name in ("frontier", "pages", "records"):
            for partition in (SHOP, BLOG):
                rows = frame(name, *(row(name, partition, at) for at in range(number)))
                put(store, name, rows, partition)
                admit(store, name, partition)
    append_vectors(store, 5)
    assert store.tables.exists(CHECK_RESULTS) and store.tables.exists(TABLES["pages"])
    return store


@pytest.fixture
def maintained() -> Maintain:
    """Maintain a store as the job does; arguments may be given by name."""

    def run(store: Store, **given: object) -> pl.DataFrame:
        plain = {"keep_days": 7, "archive_after_days": 0, "price": 0.023, "now": NOW, "tell": lambda _: None}
        return maintain(store, **{**plain, **given})  # type: ignore[arg-type]

    return run
