"""The model asset: train a challenger, judge it, and keep or replace the champion."""

from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.io_managers.pandas_type import from_pandas, pandas_type
from webdata_assets.resources import ClockResource, StoreResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.classifier import Classifier, train
from webdata_assets.stages.learn.registry import (
    Origin,
    champion_version,
    judge,
    register,
    trainable,
    version_of,
)
from webdata_assets.store.store import data_version


@dg.asset(
    name="model",
    ins={"training_set": dg.AssetIn(dagster_type=pandas_type(TRAINING_SET))},
    **describe(MODEL, kinds={"scikitlearn"}, code_version="1"),
)
def model(training_set: Any, store: StoreResource, clock: ClockResource) -> dg.Output[pl.DataFrame]:
    """Train on the training split; promote only what is no worse than the champion on the test split.

    The training set comes as a pandas frame that its Dagster type has checked.
    """
    opened = store.open()
    registry = opened.tables.read(MODEL)
    examples = from_pandas(TRAINING_SET, training_set)
    if not trainable(examples):
        reason = dg.MetadataValue.text("too few labelled records to train on; the registry is as it was")
        return output(MODEL, registry, {"decision": reason})
    rows = examples.filter(pl.col("split") == "train")
    challenger = train(rows)
    folder = opened.location.model(version_of(challenger))
    challenger.save(folder)
    champion = champion_version(registry)
    incumbent = Classifier.load(opened.location.model(champion)) if champion else None
    comparison, decision = judge(challenger, incumbent, examples)
    updated = register(
        registry,
        challenger,
        comparison,
        decision,
        Origin(
            training_fingerprint=data_version(TRAINING_SET, examples),
            admitted_fingerprint=opened.ledger.fingerprint(["features", "embeddings"]),
            admitted_partitions=opened.ledger.admitted(TABLES["embeddings"]).height,
            trained_at=clock.now(),
        ),
        artefact=opened.location.relative(folder),
        train_rows=rows.height,
    )
    return output(
        MODEL,
        updated,
        {
            "score": comparison.challenger.macro_f1,
            "accuracy": comparison.challenger.accuracy,
            "baseline_score": comparison.challenger.baseline_macro_f1,
            "test_rows": comparison.challenger.rows,
            "promoted": int(champion_version(updated) != champion),
            "decision": dg.MetadataValue.text(decision.reason),
        },
    )
