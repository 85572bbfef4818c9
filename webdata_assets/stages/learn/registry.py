"""The registry of models: one row per trained version, and what became of each.

What belongs here: how a newly trained version changes the registry. What does not: training and judging,
which version is in use (release.py), and where the registry is stored (store/).
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.classifier import MIN_TRAINING_ROWS, Classifier
from webdata_assets.stages.learn.promotion import Judgement

VERSION_DIGITS = 16
_JUDGED = ("task", "parent", "metric", "floor", "promotable", "reason", "evaluation_fingerprint")
CHAMPION, CHALLENGER, RETIRED = "champion", "challenger", "retired"


@dataclass(frozen=True)
class Origin:
    """What a model was trained on, and when; the fingerprints are those of the registry."""

    task: str
    train_rows: int
    training_fingerprint: str
    evaluation_fingerprint: str
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


def register(
    registry: pl.DataFrame,
    challenger: Classifier,
    judgement: Judgement,
    origin: Origin,
    *,
    champion: str | None,
    artefact: str,
) -> pl.DataFrame:
    """Return the registry with one more version.

    A version that is there already changes nothing: the same rows were trained on again. Only where it is not
    in use and is judged otherwise now, beside another champion, on other rows or by other rules, its row is
    renewed: else it could never come into use again.

    Args:
        champion: the version in use, which it was judged beside.
        artefact: where the classifier lies, relative to the store.
    """
    version = version_of(challenger)
    if version == champion and version in registry["version"]:
        return registry
    evaluation, beside = judgement.evaluation, judgement.champion_evaluation
    row = {
        "version": version,
        "task": origin.task,
        "parent": champion,
        "metric": evaluation.metric,
        "score": evaluation.score,
        "score_low": evaluation.low,
        "score_high": evaluation.high,
        "baseline_score": evaluation.baseline,
        "floor": judgement.floor,
        "champion_score": beside.score if beside else None,
        "difference": judgement.difference,
        "difference_low": judgement.difference_low,
        "promotable": judgement.promotable,
        "reason": judgement.reason,
        "evaluation": evaluation.as_json(),
        "train_rows": origin.train_rows,
        "test_rows": evaluation.rows,
        "test_groups": evaluation.groups,
        "classes": len(challenger.classes),
        "encoder": challenger.model_id,
        "training_fingerprint": origin.training_fingerprint,
        "evaluation_fingerprint": origin.evaluation_fingerprint,
        "admitted_fingerprint": origin.admitted_fingerprint,
        "admitted_partitions": origin.admitted_partitions,
        "artefact": artefact,
        "artefact_hash": challenger.artefact_hash,
        "trained_at": origin.trained_at,
    }
    added = pl.DataFrame([row], schema=MODEL.polars_schema)
    if registry.filter(version=version).select(_JUDGED).equals(added.select(_JUDGED)):
        return registry
    others = registry.filter(pl.col("version") != version)
    return pl.concat([others, added]).sort("version")


def aliases(registry: pl.DataFrame, releases: pl.DataFrame, champion: str | None) -> pl.Series:
    """Return per version what became of it: in use, in use once, or never yet.

    Args:
        releases: rows of the `release` table.
        champion: the model of the release in use.
    """
    released = releases["model_version"].drop_nulls().unique()
    return registry.select(
        alias=pl.when(pl.col("version").eq_missing(pl.lit(champion, pl.String)))
        .then(pl.lit(CHAMPION))
        .when(pl.col("version").is_in(released.implode()))
        .then(pl.lit(RETIRED))
        .otherwise(pl.lit(CHALLENGER))
    )["alias"]
