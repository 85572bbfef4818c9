"""The model asset: train a challenger, and judge it beside the champion."""

from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.images import svg_metadata
from webdata_assets.errors import PermanentError
from webdata_assets.io_managers.pandas_type import from_pandas, pandas_type
from webdata_assets.orchestration.work import COMPUTE, asset_work
from webdata_assets.resources import ClockResource, StoreResource, TaskResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.stages.learn.bootstrap import Estimate
from webdata_assets.stages.learn.classifier import Classifier, train
from webdata_assets.stages.learn.evaluation import Evaluation
from webdata_assets.stages.learn.plots import calibration_plot, confusion_plot, score_plot, shown_classes
from webdata_assets.stages.learn.promotion import Judgement, held_back, judge
from webdata_assets.stages.learn.registry import (
    CHALLENGER,
    Origin,
    aliases,
    register,
    trainable,
    version_of,
)
from webdata_assets.store import Store
from webdata_assets.store.releases import admitted_release
from webdata_assets.store.store import data_version

_SHOWN_CHARACTERS = 100
_PROBED_ROWS = 100


@dg.asset(
    name="model",
    ins={"training_set": dg.AssetIn(dagster_type=pandas_type(TRAINING_SET))},
    **asset_work(COMPUTE),
    **describe(MODEL, kinds={"scikitlearn"}, code_version="2"),
)
def model(
    context: dg.AssetExecutionContext,
    training_set: Any,
    store: StoreResource,
    task: TaskResource,
    clock: ClockResource,
) -> dg.Output[pl.DataFrame]:
    """Train on the training split; judge beside the champion on the very same test rows.

    The training set comes as a pandas frame that its Dagster type has checked. Whether the new version comes
    into use decides the next release.
    """
    opened, wanted = store.open(), task.load()
    registry = opened.tables.read(MODEL)
    examples = from_pandas(TRAINING_SET, training_set)
    if not trainable(examples):
        reason = dg.MetadataValue.text("too few labelled records to train on; the registry is as it was")
        return output(MODEL, registry, {"decision": reason})
    rows = examples.filter(pl.col("split") == "train")
    challenger = train(rows, wanted)
    artefact = opened.models.publish(
        version_of(challenger), lambda folder: challenger.save(folder, probe=rows.head(_PROBED_ROWS))
    )
    in_use = admitted_release(opened)
    champion = in_use.model_version if in_use else None
    judgement = judge(challenger, _champion(context, opened, champion), examples, wanted)
    updated = register(
        registry,
        challenger,
        judgement,
        Origin(
            task=wanted.name,
            train_rows=rows.height,
            training_fingerprint=data_version(TRAINING_SET, rows),
            evaluation_fingerprint=data_version(TRAINING_SET, held_back(examples)),
            admitted_fingerprint=opened.ledger.fingerprint(["features", "embeddings"]),
            admitted_partitions=opened.ledger.admitted(TABLES["embeddings"]).height,
            trained_at=clock.now(),
        ),
        champion=champion,
        artefact=artefact,
    )
    return output(
        MODEL,
        updated,
        {
            "version": dg.MetadataValue.text(version_of(challenger)),
            **_numbers(judgement),
            "decision": dg.MetadataValue.text(judgement.reason),
            **_plots(updated, aliases(updated, opened.tables.read(RELEASE), champion), judgement.evaluation),
        },
    )


def _champion(context: dg.AssetExecutionContext, store: Store, version: str | None) -> Classifier | None:
    """Return the model in use; None, with a warning, if it cannot be loaded: then the floor alone judges."""
    if version is None:
        return None
    try:
        return Classifier.load(store.models.fetch(version), version)
    except PermanentError as error:
        context.log.warning("The champion %s cannot be compared with: %s", version, error)
        return None


def _numbers(judgement: Judgement) -> dict[str, float]:
    evaluation, beside = judgement.evaluation, judgement.champion_evaluation
    numbers = {
        "score": evaluation.score,
        "score_low": evaluation.low,
        "score_high": evaluation.high,
        "baseline_score": evaluation.baseline,
        "accuracy": evaluation.accuracy,
        "calibration_error": evaluation.calibration_error,
        "test_rows": evaluation.rows,
        "test_groups": evaluation.groups,
        "champion_score": beside.score if beside else None,
        "difference": judgement.difference,
        "difference_low": judgement.difference_low,
        "promotable": int(judgement.promotable),
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _plots(registry: pl.DataFrame, alias: pl.Series, evaluation: Evaluation) -> dict[str, Any]:
    """Return the plots, and the labels of the classes, which come from pages, as cells of a table."""
    history = registry.with_columns(was_used=alias != CHALLENGER).sort("trained_at", "version")
    scores = [Estimate(*row) for row in history.select("score", "score_low", "score_high").iter_rows()]
    legend = [
        dg.TableRecord(
            {"class": str(number), "label": clean_body(evaluation.labels[place])[:_SHOWN_CHARACTERS]}
        )
        for number, place in enumerate(shown_classes(evaluation), start=1)
    ]
    columns = [dg.TableColumn("class"), dg.TableColumn("label")]
    return {
        "score_by_version": svg_metadata(
            score_plot(scores, history["was_used"].to_list()), "score of each version with its interval"
        ),
        "confusion_matrix": svg_metadata(confusion_plot(evaluation), "confusion matrix by class number"),
        "classes": dg.MetadataValue.table(legend, schema=dg.TableSchema(columns=columns)),
        "calibration": svg_metadata(calibration_plot(evaluation.bins), "share right by probability"),
    }
