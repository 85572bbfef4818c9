"""What records were used for: the index in use, models, deliveries.

What belongs here: reads of the unpartitioned tables behind the corpus. What does not: pages, payloads and
records (trace.py).
"""

from collections.abc import Collection
from typing import Any

import polars as pl

from webdata_assets.schemas import Table
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.store.releases import SNAPSHOT_DIGITS
from webdata_assets.store.store import Store, data_version

Row = dict[str, Any]
_RELEASE = ("release", "model_version", "released_at", "run_id")
_MODEL = ("version", "metric", "score", "promotable", "encoder", "trained_at", "training_fingerprint")
_DELIVERY = ("sink", "target", "rows", "model_version", "run_id", "delivered_at")


def matching(store: Store, table: Table, columns: Collection[str], rows: pl.Expr) -> pl.DataFrame:
    """Return some columns of the rows that an expression selects, admitted or not; partitions by date."""
    found = store.tables.scan(table).filter(rows).select(*columns).collect()
    return found.sort("date", "source") if table.partitioned else found


def index_in_use(store: Store) -> Row | None:
    """Return the name of the index's present state, and the releases that search it."""
    write = store.ledger.newest_write(VECTOR_INDEX, None)
    if write is None:
        return None
    snapshot = write.data_version[:SNAPSHOT_DIGITS]
    releases = matching(store, RELEASE, _RELEASE, pl.col("index_snapshot") == snapshot)
    return {"snapshot": snapshot, "releases": releases.sort("release").to_dicts()}


def models_trained_now(store: Store) -> list[Row]:
    """Return the versions that were trained on the training set as it is stored now.

    The registry names what a version was trained on by its content alone, so that the rows are hashed again;
    their vectors are no part of the content, and stay unread.
    """
    hashed = [name for name in TRAINING_SET.polars_schema if name not in TRAINING_SET.unhashed]
    rows = matching(store, TRAINING_SET, hashed, pl.col("split") == "train")
    trained = pl.col("training_fingerprint") == data_version(TRAINING_SET, rows)
    return matching(store, MODEL, _MODEL, trained).sort("trained_at").to_dicts()


def last_deliveries(store: Store) -> list[Row]:
    """Return each sink's last delivery, and whether it was of the corpus as it is stored now."""
    write = store.ledger.newest_write(CORPUS, None)
    version = pl.lit(write.data_version if write else None, pl.String)
    current = pl.col("corpus_version").eq_missing(version).alias("of_current_corpus")
    return store.tables.scan(DELIVERY).select(*_DELIVERY, current).sort("sink").collect().to_dicts()
