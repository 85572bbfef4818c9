"""The registry of models: one row per trained version, one champion at most.

What belongs here: how a newly trained version changes the registry. What does not: training and scoring, and
where the registry is stored (store/).
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.classifier import MIN_TRAINING_ROWS, Classifier
from webdata_assets.stages.learn.evaluation import Comparison, compare
from webdata_assets.stages.learn.promotion import Decision, decide

METRIC = "macro_f1"
VERSION_DIGITS = 16


@dataclass(frozen=True)
class Origin:
    """What a model was trained on."""

    training_fingerprint: str
    admitted_fingerprint: str
    admitted_partitions: int
    trained_at: dt.datetime


def trainable(training_set: pl.DataFrame) -> bool:
    """Return whether there are rows and labels enough to train on."""
    rows = training_set.filter(pl.col("split") == "train")
    return rows.height >= MIN_TRAINING_ROWS and rows["label"].n_unique() >= 2


def version_of(classifier: Classifier) -> str:
    """Return the version that names a classifier: equal classifiers have equal versions."""
    return classifier.artefact_hash[:VERSION_DIGITS]


def champion_version(registry: pl.DataFrame) -> str | None:
    """Return the version in use, or None when none was promoted yet."""
    champion = registry.filter(pl.col("alias") == "champion")
    return champion.item(0, "version") if champion.height else None


def judge(
    challenger: Classifier, champion: Classifier | None, training_set: pl.DataFrame
) -> tuple[Comparison, Decision]:
    """Compare both on the test rows, which neither was trained on, and decide.

    The floor is the score of always answering the most frequent label.
    """
    comparison = compare(challenger, champion, training_set.filter(pl.col("split") == "test"))
    decision = decide(
        comparison.challenger.macro_f1,
        comparison.champion.macro_f1 if comparison.champion else None,
        floor=comparison.challenger.baseline_macro_f1,
    )
    return comparison, decision


def register(
    registry: pl.DataFrame,
    challenger: Classifier,
    comparison: Comparison,
    decision: Decision,
    origin: Origin,
    *,
    artefact: str,
    train_rows: int,
) -> pl.DataFrame:
    """Return the registry with one more version, as champion or challenger.

    A version that is there already changes nothing: the same data were trained on again.

    Args:
        artefact: where the classifier lies, relative to the store.
        train_rows: rows it was trained on.
    """
    version = version_of(challenger)
    if version in registry["version"]:
        return registry
    if decision.promote:
        older = pl.lit("retired")
    else:
        older = pl.when(pl.col("alias") == "champion").then("alias").otherwise(pl.lit("retired"))
    row = {
        "version": version,
        "alias": "champion" if decision.promote else "challenger",
        "metric": METRIC,
        "score": comparison.challenger.macro_f1,
        "champion_score": comparison.champion.macro_f1 if comparison.champion else None,
        "baseline_score": comparison.challenger.baseline_macro_f1,
        "train_rows": train_rows,
        "test_rows": comparison.challenger.rows,
        "classes": len(challenger.classes),
        "training_fingerprint": origin.training_fingerprint,
        "admitted_fingerprint": origin.admitted_fingerprint,
        "admitted_partitions": origin.admitted_partitions,
        "artefact": artefact,
        "artefact_hash": challenger.artefact_hash,
        "trained_at": origin.trained_at,
    }
    return pl.concat(
        [registry.with_columns(alias=older), pl.DataFrame([row], schema=MODEL.polars_schema)]
    ).sort("version")
