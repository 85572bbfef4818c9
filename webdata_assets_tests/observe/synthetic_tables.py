"""Rows of the unpartitioned tables that a report reads: models, releases, drift, deliveries, alerts.

What belongs here: one plausible state. What does not: assertions.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

import polars as pl

from webdata_assets.schemas.alerts import ALERTS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.schemas.near_duplicates import NEAR_DUPLICATES
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.selector_proposals import SELECTOR_PROPOSALS
from webdata_assets.schemas.slo import SLO
from webdata_assets.schemas.table import Table
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.store import Store
from webdata_assets.store.selector_proposals import tried_selectors
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.observe.synthetic import NOW
from webdata_assets_tests.store.rows import digest

SCORES = (0.81, 0.84, 0.83, 0.88, 0.89, 0.86, 0.91, 0.915)
CHAMPIONS = (0, 1, 3, 6)


def fill_tables(store: Store, *, text: str = "checks passed") -> None:
    """Write and admit every unpartitioned table that a report reads, with `text` where words stand."""
    versions = [digest(str(number))[:16] for number in range(len(SCORES))]
    for table, rows in (
        (MODEL, [_model(number, version, text) for number, version in enumerate(versions)]),
        (RELEASE, [_release(place, versions[number], text) for place, number in enumerate(CHAMPIONS, 1)]),
        (MONITORING, _signals(versions[CHAMPIONS[-1]], text)),
        (DELIVERY, [_delivery(sink, versions[CHAMPIONS[-1]], text) for sink in ("delta", "parquet")]),
        (NEAR_DUPLICATES, [_duplicate(number) for number in range(40)]),
        (SLO, list(_levels(text))),
    ):
        put(store, table, rows)


def put(store: Store, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write an unpartitioned table and admit it."""
    frame = pl.DataFrame(list(rows), schema=table.polars_schema)
    store.ledger.begin_write(
        table, None, data_version=digest(table.name), code_version="1", rows=frame.height, extracted=None,
        run_id="run",
    )  # fmt: skip
    store.tables.overwrite(table, frame, partition=None, run_id="run", data_version=digest(table.name))
    store.ledger.record(
        table, None, [Verdict(check, passed=True) for check in table.blocking_checks], run_id="run"
    )


def raise_alerts(store: Store, *texts: str) -> None:
    """Enter open alerts."""
    rows = [
        {
            "cause": f"cause {number}", "kind": "check_failed", "state": "raised", "title": text,
            "body": text, "sent": True, "pending": [], "at": NOW - dt.timedelta(hours=18 + number),
            "written_at": NOW - dt.timedelta(hours=18),
        }
        for number, text in enumerate(texts)
    ]  # fmt: skip
    store.tables.append(ALERTS, pl.DataFrame(rows, schema=ALERTS.polars_schema))


def propose(store: Store, registry: Registry, source: str, *, text: str = ".product-price > b") -> None:
    """Enter a proposed selector for the source's price, of its newest partition."""
    row = {
        "date": NOW.date() - dt.timedelta(days=1), "source": source, "field": "price",
        "extractor": extractor_version(registry.get(source)),
        "selectors": list(tried_selectors(registry.get(source), "price")),
        "found_share": 0.31,
        "pages": 140, "sample_urls": ["https://shop.example.com/1"], "proposal": json.dumps({"css": text}),
        "support": 0.992, "learnt_pages": 90, "held_out_pages": 50, "reason": text, "run_id": "run",
        "at": NOW,
    }  # fmt: skip
    store.tables.append(SELECTOR_PROPOSALS, pl.DataFrame([row], schema=SELECTOR_PROPOSALS.polars_schema))


def _model(number: int, version: str, text: str) -> dict[str, object]:
    score = SCORES[number]
    return {
        "version": version, "task": "topic", "metric": "macro_f1", "score": score, "score_low": score - 0.03,
        "score_high": min(1.0, score + 0.025), "baseline_score": 0.11, "floor": 0.6,
        "promotable": number in CHAMPIONS, "reason": text, "evaluation": "{}",
        "train_rows": 1_200 + 300 * number,
        "test_rows": 300, "test_groups": 40, "classes": 5, "encoder": "model@1/8",
        "training_fingerprint": digest(version), "evaluation_fingerprint": digest(version),
        "admitted_fingerprint": digest(version), "admitted_partitions": 20, "artefact": "models/x",
        "artefact_hash": digest(version), "trained_at": NOW - dt.timedelta(days=7 * (len(SCORES) - number)),
    }  # fmt: skip


def _release(number: int, version: str, text: str) -> dict[str, object]:
    return {
        "release": number, "index_snapshot": f"{number:04d}-{version[:8]}", "encoder": "model@1/8",
        "chunks": 40_000 + 5_000 * number, "model_version": version, "reason": text, "run_id": "run",
        "released_at": NOW - dt.timedelta(days=28 - 7 * number),
    }  # fmt: skip


def _signals(version: str, text: str) -> list[dict[str, object]]:
    values = (
        ("drifted_share", "columns", 0.12, 0.3, False), ("domain_auc", "records", 0.58, 0.7, False),
        ("metric", "macro_f1", 0.9, 0.6, False), ("psi_feature", text[:400], 0.31, 0.2, True),
        ("psi_feature", "text_words", 0.04, 0.2, False),
    )  # fmt: skip
    return [
        {
            "signal": signal, "name": name, "value": value, "threshold": threshold, "breached": breached,
            "reference_rows": 2_000, "current_rows": 640, "model_version": version, "measured_at": NOW,
        }
        for signal, name, value, threshold, breached in values
    ]  # fmt: skip


def _delivery(sink: str, version: str, text: str) -> dict[str, object]:
    return {
        "sink": sink, "kind": "delta", "content": "records", "state": "delivered", "error": None,
        "failure_domain": None, "sequence": 3, "target": f"delivered/{text[:400]}", "rows": 80_250,
        "content_hash": digest("rows"),
        "source_hash": digest("rows"), "corpus_version": digest("corpus"), "model_version": version,
        "inserted": 412, "updated": 1_204, "deleted": 31, "run_id": "run",
        "delivered_at": NOW - dt.timedelta(hours=2),
    }  # fmt: skip


def _duplicate(number: int) -> dict[str, object]:
    return {
        "record_id": f"{number:032x}", "text_hash": f"{number:032x}",
        "duplicate_of": f"{10_000 + number % 9:032x}",
        "original_hash": f"{number:032x}", "similarity": 0.93,
    }  # fmt: skip


def _levels(text: str) -> list[dict[str, object]]:
    values = {
        "success_rate": 0.987, "critical_path_seconds": 372.4, "retry_overhead": 0.031, "runs": 1_530.0,
        "tasks": 21_400.0,
    }  # fmt: skip
    return [
        {
            "month": month, "job": job, "metric": metric, "value": value, "numerator": None,
            "denominator": None, "excluded": 4, "excluded_reasons": json.dumps({"cancelled": 1, text: 3}),
            "computed_at": NOW,
        }
        for month in (dt.date(2026, 5, 1), dt.date(2026, 6, 1))
        for job in ("all", "crawl", "publish")
        for metric, value in values.items()
    ]  # fmt: skip
