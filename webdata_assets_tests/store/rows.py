"""Valid rows of every partitioned table, and partitions written and admitted from them.

What belongs here: one plain example row per table, which a test changes where it matters. What does not:
assertions.
"""

import datetime as dt
import json

import polars as pl
from blake3 import blake3

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.schemas.fingerprints import BANDS
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets.store.verdict import Verdict

DAY = dt.date(2026, 6, 1)
SHOP = Partition(DAY, "shop")
BLOG = Partition(DAY, "blog")
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def digest(content: bytes | str) -> str:
    return blake3(content.encode() if isinstance(content, str) else content).hexdigest()


def row(name: str, partition: Partition = SHOP, number: int = 0, **values: object) -> dict[str, object]:
    """Return a valid row of a table; rows of another number differ in their key."""
    url = f"https://{partition.source}.example.com/{number}"
    record_id = f"{number:032x}"
    body = f"<h1>Item {number}</h1>".encode()
    page = {"payload_hash": digest(body), "payload_date": partition.date}
    dtypes = TABLES["features"].polars_schema
    plain: dict[str, dict[str, object]] = {
        "frontier": {"url": url, "role": "content", "discovery": 0, "why": "start", "depth": 0},
        "pages": {
            "url": url, "role": "content", "discovery": 0, "why": "start", "depth": 0, "outcome": "fetched",
            "http_status": 200, "payload": body, "payload_bytes": len(body), "in_blobs": False,
            **page, "attempts": 1,
            "fetched_at": NOON, "observed_at": NOON,
        },
        "dead_letters": {"url": url, "reason": "503", "failure_domain": "target", "attempts": 4},
        "records": {
            "record_id": record_id, "kind": "product", "url": url, "ordinal": 0, "title": f"Item {number}",
            "text": f"The text of item {number}.", "extra": "{}", "content_hash": digest(str(number)), **page,
            "extractor": "v1",
        },
        "quarantine": {
            "url": url, "ordinal": 0, "disposition": "refused", "rule": "required", "field": "title",
            "reason": "no title", "record": json.dumps({"url": url}), **page,
        },
        "changes": {
            "record_id": record_id, "kind": "new", "url": url, "first_date": partition.date, "versions": 1,
            "content_changes": 0, "changed_fields": [], "extractor_changed": False,
            "content_hash": digest(str(number)),
        },
        "features": {
            "record_id": record_id, "kind": "product", "category": "garden",
            **{name: False if dtypes[name] == pl.Boolean else 0 for name in FEATURE_COLUMNS}, "text_words": 5,
            "days_known": 0, "earlier_versions": 0, "site_records": 1, "site_mean_tokens": 5.0,
            "site_duplicate_share": 0.0, "computed_for": NOON,
        },
        "fingerprints": {
            "record_id": record_id, "text_hash": digest(str(number))[:32], "shingles": 1,
            **dict.fromkeys(BANDS, number), "method": "1",
        },
        "embeddings": {
            "chunk_id": f"{record_id}-0000", "record_id": record_id, "ordinal": 0, "field": "text",
            "start": 4, "end": 8, "heading_path": [], "tokens": 3, "text": "text",
            "text_hash": digest("text"), "model_id": "model@1/8",
            "vector": [1.0, *[0.0] * 383],
        },
    }  # fmt: skip
    return {"date": partition.date, "source": partition.source, **plain[name], **values}


def frame(name: str, *rows: dict[str, object]) -> pl.DataFrame:
    """Return a frame of a table; columns that a row does not name are null."""
    return pl.DataFrame(list(rows), schema=TABLES[name].polars_schema)


def put(
    store: Store, name: str, rows: pl.DataFrame, partition: Partition | None = SHOP, **given: object
) -> str:
    """Write a partition as the IO manager does; return its data version."""
    table, version = TABLES[name], data_version(TABLES[name], rows)
    entry = {"code_version": "1", "rows": rows.height, "extracted": None, "run_id": "run", **given}
    store.ledger.begin_write(table, partition, data_version=version, **entry)
    store.tables.overwrite(table, rows, partition=partition, run_id="run", data_version=version)
    return version


def verdicts(table: Table, **passed: bool) -> list[Verdict]:
    """Return a verdict of every blocking check: passed, unless the keyword of its name says otherwise."""
    return [Verdict(check, passed=passed.get(check, True)) for check in table.blocking_checks]


def admit(store: Store, name: str, partition: Partition | None = SHOP, **passed: bool) -> None:
    """Record a verdict of every blocking check on the newest write."""
    store.ledger.record(TABLES[name], partition, verdicts(TABLES[name], **passed), run_id="run")
