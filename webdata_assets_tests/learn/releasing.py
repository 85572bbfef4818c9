"""Rows of registry, releases and decisions, and states of an index, with what a test says of them.

What belongs here: plain rows for tests of releases. What does not: assertions.
"""

import datetime as dt

import polars as pl

from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.stages.learn.release import IndexState
from webdata_assets_tests.store.rows import digest

BEGIN = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ENCODER, OTHER_ENCODER = "tiny@1", "tiny@2"


def moment(hours: float) -> dt.datetime:
    return BEGIN + dt.timedelta(hours=hours)


def version(name: str) -> str:
    return digest(name)[:16]


def model(name: str, hours: float = 0, parent: str | None = None, **values: object) -> dict[str, object]:
    """Return a promotable row of the registry, trained so many hours after the beginning."""
    return {
        "version": version(name), "task": "topic", "parent": version(parent) if parent else None,
        "metric": "macro_f1", "score": 0.8, "score_low": 0.7, "score_high": 0.9, "baseline_score": 0.3,
        "floor": 0.3, "promotable": True, "reason": f"{name} is good", "evaluation": "{}", "train_rows": 10,
        "test_rows": 5, "test_groups": 5, "classes": 2, "encoder": ENCODER,
        "training_fingerprint": digest("t"), "evaluation_fingerprint": digest("e"),
        "admitted_fingerprint": digest("p"), "admitted_partitions": 1, "artefact": f"models/{version(name)}",
        "artefact_hash": digest(name), "trained_at": moment(hours), **values,
    }  # fmt: skip


def registry(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=MODEL.polars_schema)


def index(name: str, hours: float = 0, encoder: str | None = ENCODER, chunks: int = 5) -> IndexState:
    return IndexState(name, encoder, chunks, moment(hours))


def no_releases() -> pl.DataFrame:
    return RELEASE.empty()


def decisions(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RELEASE_DECISIONS.polars_schema)


def promote(name: str, hours: float, left: str | None) -> dict[str, object]:
    return {
        "at": moment(hours), "decision": "promote", "model_version": version(name),
        "left_model_version": version(left) if left else None, "decided_by": "ann",
    }  # fmt: skip


def rollback(
    name: str | None, snapshot: str, hours: float, left: str | None, left_snapshot: str | None
) -> dict[str, object]:
    return {
        "at": moment(hours), "decision": "rollback", "model_version": version(name) if name else None,
        "index_snapshot": snapshot, "left_model_version": version(left) if left else None,
        "left_index_snapshot": left_snapshot, "decided_by": "ann",
    }  # fmt: skip
