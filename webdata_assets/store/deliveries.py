"""Deliveries as they are kept: their order, and one row for each sink, whatever became of it.

What belongs here: from how deliveries ended to rows of the table `delivery`. What does not: delivering
(stages/deliver/delivering.py).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.sinks.model import SinkFile
from webdata_assets.stages.deliver.delivering import Ended
from webdata_assets.store.sinks import target_of
from webdata_assets.store.store import Store, data_version

MADE_OF = ("corpus", "release", "features", "embeddings", "vector_index")
"""Tables that deliveries are made of."""

_HELD = (
    "rows", "content_hash", "source_hash", "corpus_version", "model_version", "sequence", "offset",
    "delivered_at",
)  # fmt: skip
"""What is known of a sink's last whole delivery, and stays while later ones fail."""


def sequence_of(store: Store) -> int:
    """Return the number of the state that is delivered: it grows with every write to what it is made of.

    It is the sum of the Delta versions of these tables and of the ledger, which admits their partitions. Ask
    for it before anything is read, so that what is delivered is at least as new as it says.
    """
    versions = (store.tables.version(table) for table in (CHECK_RESULTS, *(TABLES[name] for name in MADE_OF)))
    return sum(version for version in versions if version is not None)


def offsets_of(store: Store) -> dict[str, int]:
    """Return what is added to this store's sequence, by sink: more than 0 for those that were taken over."""
    return dict(store.tables.read(DELIVERY).select("sink", pl.col("offset").fill_null(0)).iter_rows())


def require_newest(store: Store, table: Table, rows: pl.DataFrame) -> None:
    """Raise TransientError unless rows that were read are the table's newest write.

    Rows older than the sequence says could take the place of newer ones in a sink.
    """
    newest = store.ledger.newest_write(table, None)
    if newest is None or newest.data_version != data_version(table, rows):
        raise TransientError(
            f"{table.name} was written again while it was delivered; deliver once more",
            failure_domain=FailureDomain.SINK,
        )


def chosen_sinks(declared: Mapping[str, SinkFile], names: str | None) -> dict[str, SinkFile]:
    """Return the sinks that names with commas between ask for; all where None.

    Raises:
        PermanentError: CONFIGURATION, one of them is not declared, or not enabled.
    """
    wanted = list(declared) if names is None else names.split(",")
    for name in wanted:
        if name not in declared:
            raise PermanentError(
                f"there is no enabled sink {name!r}; known: {', '.join(declared) or 'none'}",
                failure_domain=FailureDomain.CONFIGURATION,
            )
    return {name: declared[name] for name in sorted(wanted)}


def as_rows(
    store: Store,
    declared: Mapping[str, SinkFile],
    ended: Mapping[str, Ended],
    *,
    corpus_version: str,
    model_version: str | None,
    sequence: int,
    run_id: str,
    now: dt.datetime,
) -> pl.DataFrame:
    """Return the rows of the table `delivery` after deliveries ended; sinks not tried now keep theirs.

    Args:
        store: where the rows of before are.
        declared: every enabled sink; rows of others go.
        ended: how the deliveries of this run ended, by sink.
        corpus_version: data version of the corpus that was delivered.
        model_version: of the predictions.
        sequence: this store's own.
        run_id: of the run.
        now: when it ended.
    """
    before = {row["sink"]: row for row in store.tables.read(DELIVERY).iter_rows(named=True)}
    rows = []
    for name, sink in declared.items():
        known = before.get(name, dict.fromkeys(DELIVERY.polars_schema))
        named = {
            "sink": name, "kind": sink.kind, "content": sink.content,
            "target": target_of(sink, store.location),
        }  # fmt: skip
        if name in ended:
            delivered = {
                "corpus_version": corpus_version, "model_version": model_version, "delivered_at": now,
            }  # fmt: skip
            rows.append({**_row(ended[name], known, delivered, sequence), **named, "run_id": run_id})
        elif name in before:
            rows.append({**known, **named})
    return pl.DataFrame(rows, schema=DELIVERY.polars_schema).sort("sink")


def _row(ended: Ended, known: Mapping[str, Any], delivered: Mapping[str, Any], own: int) -> dict[str, Any]:
    merged = ended.merged
    common = {
        "state": ended.state,
        "error": ended.error,
        "failure_domain": None if ended.failure_domain is None else ended.failure_domain.value,
        "inserted": merged.inserted if merged else 0,
        "updated": merged.updated if merged else 0,
        "deleted": merged.deleted if merged else 0,
    }
    if merged is None or ended.sequence is None:
        return {**common, **{name: known[name] for name in _HELD}}
    held = {"rows": merged.rows, "content_hash": merged.content_hash, "source_hash": ended.source_hash}
    unchanged = known["content_hash"] == merged.content_hash and known["sequence"] is not None
    order = {
        "sequence": known["sequence"] if unchanged else ended.sequence,
        "offset": ended.sequence - own,
    }
    return {**common, **held, **delivered, **order}
