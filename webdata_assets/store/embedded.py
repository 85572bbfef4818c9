"""What is embedded already: rows that another day can take over, and partitions of another model.

What belongs here: reading tables and ledger for that. What does not: making rows (stages/embed).
"""

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed.version import model_of
from webdata_assets.store.store import Store

_VERSION = ["date", "source", "data_version", "at"]


def carried_over(store: Store, partition: Partition, records: pl.DataFrame, version: str) -> pl.DataFrame:
    """Return embeddings of the source's last day before, for records that have not changed since.

    The rows are those that embedding would make: same content, same code, same model. They are taken from
    the newest earlier partition whose records and embeddings are admitted, and only if nobody wrote either
    meanwhile.

    Args:
        store: where they lie.
        partition: whose rows are wanted; they get its date.
        records: its `record_id` and `content_hash`.
        version: of the code and the model, as embeddings are entered into the ledger with it.
    """
    entries = store.ledger.version()
    earlier = _last_before(store, partition, version)
    if earlier is None:
        return EMBEDDINGS.empty()
    then = Partition(earlier.item(0, "date"), partition.source)
    unchanged = (
        store.tables.scan_partition(RECORDS, then)
        .select("record_id", "content_hash")
        .join(
            records.lazy().select("record_id", "content_hash"), on=["record_id", "content_hash"], how="semi"
        )
        .collect()
    )
    rows = (
        store.tables.scan_partition(EMBEDDINGS, then)
        .join(unchanged.lazy(), on="record_id", how="semi")
        .with_columns(date=pl.lit(partition.date))
        .collect()
    )
    if store.ledger.version() != entries:
        # a write enters the ledger before its commit: what was read may be of two versions
        again = _last_before(store, partition, version)
        if again is None or not again.equals(earlier):
            return EMBEDDINGS.empty()
    return rows


def embedded_by_another(store: Store, model_id: str) -> list[tuple[Partition, str | None]]:
    """Return the admitted partitions whose vectors are of another model, with its id as the ledger has it."""
    return of_another_model(store.ledger.states(EMBEDDINGS), model_id)


def of_another_model(states: pl.DataFrame, model_id: str) -> list[tuple[Partition, str | None]]:
    """Return the same of states of embeddings that were read already."""
    others = (
        states.filter("admitted")
        .select("date", "source", model=model_of(pl.col("code_version")))
        .filter(pl.col("model").ne_missing(model_id))
    )
    return [(Partition(date, source), model) for date, source, model in others.iter_rows()]


def _last_before(store: Store, partition: Partition, version: str) -> pl.DataFrame | None:
    """Return the newest usable day's writes of embeddings and records, as one row."""
    mine = (pl.col("source") == partition.source) & (pl.col("date") < partition.date) & pl.col("admitted")
    embeddings = store.ledger.states(EMBEDDINGS).filter(mine, pl.col("code_version") == version)
    records = store.ledger.states(RECORDS).filter(mine).select(_VERSION)
    usable = (
        embeddings.select(_VERSION)
        .join(records, on=["date", "source"], suffix="_of_records")
        # records that were written after their embeddings are others than those that were embedded
        .filter(pl.col("at_of_records") < pl.col("at"))
        .sort("date")
        .tail(1)
    )
    return usable if usable.height else None
