"""The champion beside the records that came after its training set."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.monitoring import monitor
from webdata_assets.stages.learn.training_set import build_examples
from webdata_assets.tasks.model import Drift
from webdata_assets_tests.learn import samples

NOW = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
TASK = samples.TASK.model_copy(update={"drift": Drift(min_rows=20)})


@pytest.fixture(scope="module")
def examples() -> pl.DataFrame:
    return build_examples(samples.corpus(120), samples.features(120), samples.embeddings(120), TASK)


def monitored(reference: pl.DataFrame, current: pl.DataFrame, *, floor: float = 0.5) -> pl.DataFrame:
    champion = train(reference, TASK)
    return monitor(TASK, reference, current, champion, version="a" * 16, floor=floor, now=NOW)


def signal(rows: pl.DataFrame, name: str) -> tuple[float | None, bool]:
    return rows.filter(pl.col("signal") == name).select("value", "breached").row(0)


def test_more_of_the_same_breaches_nothing(examples: pl.DataFrame):
    rows = monitored(examples.gather_every(2), examples.gather_every(2, 1))
    assert rows.schema == TABLES["monitoring"].polars_schema
    assert rows.filter("breached", ~pl.col("signal").str.starts_with("psi_")).is_empty()
    assert signal(rows, "metric")[0] == pytest.approx(1.0, abs=0.1)


def test_other_features_breach_the_share_and_are_told_apart(examples: pl.DataFrame):
    shifted = examples.with_columns(pl.col(FEATURE_COLUMNS).cast(pl.Float64) + 100.0)
    rows = monitored(examples, shifted)
    assert signal(rows, "drifted_share") == (
        pytest.approx(len(FEATURE_COLUMNS) / (len(FEATURE_COLUMNS) + 8)),
        True,
    )
    assert signal(rows, "domain_auc") == (1.0, True)
    assert rows.filter("breached", signal="psi_feature").height == len(FEATURE_COLUMNS)


def test_other_labels_on_the_same_records_breach_the_metric_alone(examples: pl.DataFrame):
    renamed = examples.with_columns(label=pl.col("label") + " of tomorrow")
    rows = monitored(examples, renamed)
    assert signal(rows, "metric") == (0.0, True)
    assert not signal(rows, "domain_auc")[1]


@pytest.mark.parametrize("count", [0, 19])
def test_too_few_new_records_judge_nothing(examples: pl.DataFrame, count: int):
    rows = monitored(examples, examples.head(count))
    assert rows["value"].is_null().all()
    assert not rows["breached"].any()
    assert rows["signal"].to_list() == ["domain_auc", "drifted_share", "metric"]


def test_vectors_of_another_encoder_are_not_compared(examples: pl.DataFrame):
    rows = monitored(examples, examples.with_columns(model_id=pl.lit("tiny@2")))
    assert rows["value"].is_null().all()


def test_without_a_champion_only_drift_is_measured(examples: pl.DataFrame):
    rows = monitor(TASK, examples, examples, None, version=None, floor=None, now=NOW)
    assert signal(rows, "metric") == (None, False)
    assert signal(rows, "drifted_share") == (0.0, False)
    assert np.isfinite(signal(rows, "domain_auc")[0] or np.nan)


def test_before_the_first_training_nothing_is_measured(examples: pl.DataFrame):
    rows = monitor(TASK, TABLES["training_set"].empty(), examples, None, version=None, floor=None, now=NOW)
    assert rows["value"].is_null().all()
