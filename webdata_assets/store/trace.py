"""Lineage of single rows: from a record to its pages, payloads, chunks, models and deliveries, and back.

What belongs here: following keys from table to table; every read names the key, source or date it is about.
What does not: how it is shown (cli/trace.py).
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, Table
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.store.admission import newest_verdicts_of, states_of
from webdata_assets.store.store import Store
from webdata_assets.store.trace_uses import Row, index_in_use, last_deliveries, matching, models_trained_now

LEAST_DIGITS = 8
"""Of a prefix of a payload's hash."""
_RECORD_ID = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"[0-9a-f]{8,64}")
_PAGE = (
    "date", "source", "url", "outcome", "reason", "http_status", "fetched_at", "payload_hash", "payload_date",
    "payload_bytes", "content_type", "in_blobs",
)  # fmt: skip
_RECORD = (
    "date", "source", "record_id", "url", "ordinal", "kind", "title", "content_hash", "extractor",
    "payload_hash", "payload_date",
)  # fmt: skip
_REFUSED = ("date", "source", "url", "ordinal", "disposition", "rule", "field", "payload_hash")
_CHUNK = ("date", "source", "chunk_id", "record_id", "field", "tokens", "model_id")
_CURRENT = ("record_id", "source", "date", "state", "gone_on", "duplicate_of")
_EXAMPLE = ("record_id", "date", "label", "split", "model_id")
_VERDICT = ("check", "passed", "severity", "blocking", "value", "threshold", "detail", "at")


class UnknownKeyError(PermanentError, LookupError):
    """Nothing that is stored has this key. The message says what was looked through."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.CONFIGURATION)


@dataclass(frozen=True)
class LayerState:
    """One partition of one layer, as its newest write and the verdicts on it say."""

    layer: str
    partition: str
    run_id: str
    code_version: str | None
    written_at: dt.datetime
    admitted: bool
    checks: list[Row]


@dataclass(frozen=True)
class Trace:
    """Everything that is known of one key.

    Attributes:
        key: as it was found, written out.
        found_as: what it is the key of.
        pages: visits to the pages concerned, by date, without their payloads.
        records: stored versions, by record and date.
        quarantined: what was refused of the same payloads.
        partitions: the state of every partition that these rows lie in.
        chunks: chunk, model and whether the searchable index holds it.
        corpus: what the corpus says of the records.
        index: the index's present state, and the releases that search it; None where no chunk is in it.
        training: the records in the training set as it is stored now.
        models: versions trained on exactly that training set, where a record is on its side of training.
        deliveries: what the sinks were given of the corpus that the records are in.
    """

    key: str
    found_as: Literal["record", "payload", "url"]
    pages: list[Row]
    records: list[Row]
    quarantined: list[Row]
    partitions: list[LayerState]
    chunks: list[Row]
    corpus: list[Row]
    index: Row | None
    training: list[Row]
    models: list[Row]
    deliveries: list[Row]

    def as_json(self) -> Row:
        """Return plain values."""
        return asdict(self)


def trace(store: Store, key: str) -> Trace:
    """Follow a key through the store.

    Args:
        store: where to look.
        key: a record's id, a payload's hash or the first digits of it, or a page's URL.

    Raises:
        UnknownKeyError: nothing has it; or several payloads begin with these digits.
    """
    if "://" in key:
        return _of_url(store, key)
    if _RECORD_ID.fullmatch(key):
        records = matching(store, RECORDS, _RECORD, pl.col("record_id") == key)
        if records.height:
            return _follow(store, key, "record", records, _pages_of(store, records))
    if not _HASH.fullmatch(key):
        raise UnknownKeyError(
            f"{key[:80]!r} is neither a record's id (32 hexadecimal digits), nor a payload's hash or its "
            f"first {LEAST_DIGITS} or more digits, nor a URL"
        )
    digest = find_payload(store, key)["payload_hash"]
    here = pl.col("payload_hash") == digest
    pages = matching(store, PAGES, _PAGE, here)
    return _follow(store, digest, "payload", matching(store, RECORDS, _RECORD, here), pages)


def find_payload(store: Store, prefix: str) -> Row:
    """Return the page that first brought the payload whose hash begins with some digits, without the bytes.

    Raises:
        UnknownKeyError: there is none, or there are several.
    """
    if not _HASH.fullmatch(prefix):
        raise UnknownKeyError(f"{prefix[:80]!r} is no hash: give {LEAST_DIGITS} to 64 hexadecimal digits")
    found = matching(
        store, PAGES, _PAGE, pl.col("payload_hash").str.starts_with(prefix) & (pl.col("outcome") == "fetched")
    )
    hashes = found["payload_hash"].unique().sort().to_list()
    if not hashes:
        looked = "records and pages" if _RECORD_ID.fullmatch(prefix) else "pages"
        raise UnknownKeyError(
            f"nothing has the key {prefix}: looked through {looked} of {store.location.root}; "
            "`webdata status` says which partitions it holds"
        )
    if len(hashes) > 1:
        raise UnknownKeyError(
            f"{len(hashes)} payloads begin with {prefix}, such as {hashes[0]} and {hashes[1]}: "
            "give more digits"
        )
    return found.row(0, named=True)


def _of_url(store: Store, url: str) -> Trace:
    here = pl.col("url") == url
    pages, records = matching(store, PAGES, _PAGE, here), matching(store, RECORDS, _RECORD, here)
    if pages.height == records.height == 0:
        raise UnknownKeyError(
            f"no page and no record has the URL {url}: looked through pages and records of "
            f"{store.location.root}; the URL must be written as it was visited"
        )
    return _follow(store, url, "url", records, pages)


def _follow(
    store: Store,
    key: str,
    found_as: Literal["record", "payload", "url"],
    records: pl.DataFrame,
    pages: pl.DataFrame,
) -> Trace:
    ids = records["record_id"].unique().sort().to_list()
    of_records = pl.col("record_id").is_in(ids)
    hashes = sorted({*records["payload_hash"], *pages["payload_hash"].drop_nulls()})
    places = [Partition(date, source) for date, source in _places(records)]
    chunks = _in(store, EMBEDDINGS, _CHUNK, places, of_records)
    indexed = matching(store, VECTOR_INDEX, ("chunk_id", "date"), of_records)
    held = indexed.select("chunk_id", "date", in_index=pl.lit(True))
    corpus = matching(store, CORPUS, _CURRENT, of_records)
    training = matching(store, TRAINING_SET, _EXAMPLE, of_records)
    visited = [Partition(date, source) for date, source in _places(pages)]
    return Trace(
        key=key,
        found_as=found_as,
        pages=pages.to_dicts(),
        records=records.sort("record_id", "date", "source").to_dicts(),
        quarantined=_in(store, QUARANTINE, _REFUSED, places or visited, pl.col("payload_hash").is_in(hashes))
        .unique()
        .sort(_REFUSED)
        .to_dicts(),
        partitions=[
            state
            for table, partitions in ((PAGES, visited), (RECORDS, places), (EMBEDDINGS, places))
            for partition in partitions
            if (state := _state(store, table, partition))
        ],
        chunks=chunks.join(held, on=["chunk_id", "date"], how="left")
        .with_columns(pl.col("in_index").fill_null(False))
        .sort("chunk_id", "date")
        .to_dicts(),
        corpus=corpus.to_dicts(),
        index=index_in_use(store) if indexed.height else None,
        training=training.to_dicts(),
        models=models_trained_now(store) if "train" in training["split"] else [],
        deliveries=last_deliveries(store) if corpus.height else [],
    )


def _pages_of(store: Store, records: pl.DataFrame) -> pl.DataFrame:
    """Return the visits to the pages of records, by date."""
    sources, urls = records["source"].unique().to_list(), records["url"].unique().to_list()
    return matching(store, PAGES, _PAGE, pl.col("source").is_in(sources) & pl.col("url").is_in(urls))


def _state(store: Store, table: Table, partition: Partition) -> LayerState | None:
    here = (pl.col("date") == partition.date) & (pl.col("source") == partition.source)
    entries = store.tables.scan(CHECK_RESULTS).filter((pl.col("asset") == table.name) & here).collect()
    states = states_of(entries, table)
    if states.height == 0:
        return None
    newest: Mapping[str, Any] = states.row(0, named=True)
    return LayerState(
        layer=table.name,
        partition=partition.key,
        run_id=newest["run_id"],
        code_version=newest["code_version"],
        written_at=newest["at"],
        admitted=newest["admitted"],
        checks=newest_verdicts_of(entries).select(_VERDICT).to_dicts(),
    )


def _places(rows: pl.DataFrame) -> list[tuple[dt.date, str]]:
    return rows.select("date", "source").unique().sort("date", "source").rows()


def _in(
    store: Store, table: Table, columns: Collection[str], partitions: Collection[Partition], rows: pl.Expr
) -> pl.DataFrame:
    """Return rows of some partitions; the others' files stay closed."""
    dates, sources = {each.date for each in partitions}, {each.source for each in partitions}
    return matching(
        store, table, columns, pl.col("date").is_in(dates) & pl.col("source").is_in(sources) & rows
    )
