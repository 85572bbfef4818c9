"""The delivery asset: what is admitted, merged into every declared sink, each by itself."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.resources import ClockResource, IndexResource, SinksResource, StoreResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.sinks.model import Content, SinkFile
from webdata_assets.stages.deliver.chunks import CHUNKS, chunk_rows
from webdata_assets.stages.deliver.contract import Offer
from webdata_assets.stages.deliver.delivering import Ended, deliver_to
from webdata_assets.stages.deliver.rows import RECORDS, delivery_rows
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.release import newest_release
from webdata_assets.store import Store
from webdata_assets.store.deliveries import as_rows, chosen_sinks, offsets_of, require_newest, sequence_of
from webdata_assets.store.derived import current_rows, not_failed_since
from webdata_assets.store.releases import SNAPSHOT_DIGITS
from webdata_assets.store.sinks import open_sink
from webdata_assets.store.store import data_version

SINKS_TAG = "webdata/sinks"
"""On runs that deliver to some sinks only: their names, with commas between."""
TAKE_OVER_TAG = "webdata/take_over"
"""On runs whose deliveries follow even newer ones, which another store made."""


@dg.asset(name="delivery", deps=["vector_index"], **describe(DELIVERY, kinds={"parquet"}, code_version="3"))
def delivery(
    context: dg.AssetExecutionContext,
    corpus: pl.DataFrame,
    release: pl.DataFrame,
    features: pl.LazyFrame,
    embeddings: pl.LazyFrame,
    store: StoreResource,
    index: IndexResource,
    sinks: SinksResource,
    clock: ClockResource,
) -> dg.Output[pl.DataFrame]:
    """Merge the whole wanted state into each sink by key; the same again changes nothing.

    A sink that fails, or whose contract would be broken, keeps what it has, and its row says why; the others
    are delivered all the same. The checks then fail for that sink, and the run with them.
    """
    opened, run_id = store.open(), context.run.run_id
    sequence = sequence_of(opened)
    require_newest(opened, CORPUS, corpus)
    require_newest(opened, RELEASE, release)
    champion = promoted.model_version if (promoted := newest_release(release)) else None
    declared = sinks.enabled()
    chosen = chosen_sinks(declared, context.run.tags.get(SINKS_TAG))
    good = not_failed_since(corpus, opened)
    offers: dict[Content, Offer] = {}
    if any(sink.content == "records" for sink in chosen.values()):
        rows = delivery_rows(
            good,
            current_rows(features, TABLES["features"], good, opened),
            current_rows(embeddings, TABLES["embeddings"], good, opened),
            Classifier.load(opened.models.fetch(champion), champion) if champion else None,
            champion,
        )
        offers["records"] = Offer(rows, RECORDS)
    if any(sink.content == "chunks" for sink in chosen.values()):
        offers["chunks"] = Offer(_chunks(opened, index, good), CHUNKS)
    ended: dict[str, Ended] = {}
    offsets = offsets_of(opened)
    for number, (name, sink) in enumerate(chosen.items(), start=1):
        started = time.monotonic()
        ended[name] = deliver_to(
            sink,
            offers[sink.content],
            partial(open_sink, sink, opened.location, sinks.environ()),
            sequence=sequence + offsets.get(name, 0),
            run_id=run_id,
            take_over=TAKE_OVER_TAG in context.run.tags,
        )
        tell = context.log.info if ended[name].state == "delivered" else context.log.error
        tell(f"{number} of {len(chosen)}: {_told(sink, ended[name])}, {time.monotonic() - started:.1f} s")
    state = as_rows(
        opened,
        declared,
        ended,
        corpus_version=data_version(CORPUS, corpus),
        model_version=champion,
        sequence=sequence,
        run_id=run_id,
        now=clock.now(),
    )
    return output(DELIVERY, state, _metadata(state, offers, champion))


def _chunks(opened: Store, index: IndexResource, corpus: pl.DataFrame) -> pl.DataFrame:
    """Return the chunks of the index's admitted state, as its release named it, of what the corpus holds."""
    manifest = opened.read_admitted(VECTOR_INDEX)
    if manifest.is_empty():
        return CHUNKS.empty()
    snapshot = index.open().at(data_version(VECTOR_INDEX, manifest)[:SNAPSHOT_DIGITS])
    return chunk_rows(snapshot.rows(CHUNK_SCHEMA.names()), manifest, corpus)


def _told(sink: SinkFile, ended: Ended) -> str:
    """Return how a delivery went, in words: what the log and a person who waits read."""
    if ended.merged is None:
        return f"{sink.name} ({sink.kind}) was not delivered: {ended.error}"
    merged = ended.merged
    changes = f"{merged.inserted} inserted, {merged.updated} updated, {merged.deleted} deleted"
    return f"{sink.name} ({sink.kind}): {merged.rows} rows, {changes}"


def _metadata(state: pl.DataFrame, offers: Mapping[Content, Offer], champion: str | None) -> dict[str, Any]:
    counts = state.select(pl.col("inserted", "updated", "deleted").sum()).row(0, named=True)
    records = offers.get("records", Offer(RECORDS.empty(), RECORDS)).rows
    shown = state.with_columns(rows=pl.col("rows").fill_null(0), error=pl.col("error").fill_null(""))
    return {
        "delivered_rows": records.height,
        **({"delivered_chunks": offers["chunks"].rows.height} if "chunks" in offers else {}),
        "predicted_rows": records["predicted_label"].count(),
        "changed_rows": sum(counts.values()),
        **{f"{name}_rows": count for name, count in counts.items()},
        "failed_sinks": state.filter(pl.col("state") != "delivered").height,
        "model_version": champion or "none",
        **table(
            "sinks",
            shown.select(
                "sink", "kind", "target", "state", "rows", "inserted", "updated", "deleted", "error"
            ),
        ),
    }
