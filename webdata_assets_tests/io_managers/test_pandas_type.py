"""The pandas side of a table: which frames the type takes, and the way back."""

import dagster as dg
import pandas as pd
import polars as pl
import pytest

from webdata_assets.io_managers.pandas_type import from_pandas, pandas_type
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets_tests.store.rows import DAY, digest, frame, row

TRAINING_SET = TABLES["training_set"]
FRAME = pandas_type(TRAINING_SET)


def examples(count=3):
    rows = [
        {
            "record_id": f"{number:032x}", "source": "shop", "date": DAY, "group": "x.test", "split": "train",
            "label": "garden", "kind": "product", "words": "A lamp",
            "text_hash": digest("plain"), "model_id": "model@1", **dict.fromkeys(FEATURE_COLUMNS, 1),
            "has_price": number % 2 == 0, "vector": [0.5, 0.5],
        }
        for number in range(count)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=TRAINING_SET.polars_schema, strict=False)


def checked(frame):
    return dg.check_dagster_type(FRAME, frame)


def test_a_frame_of_the_table_is_taken():
    assert checked(examples().to_pandas()).success


def test_an_empty_frame_is_taken():
    assert checked(examples(0).to_pandas()).success


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda frame: frame.drop(columns="label"), "label"),
        (lambda frame: frame.assign(label=None), "label"),
        (lambda frame: frame.assign(log_price="free"), "log_price"),
        (lambda frame: frame.assign(digit_share=float("nan")), "digit_share"),
        (lambda frame: frame.assign(text_words=0.5), "text_words"),
        (lambda frame: frame.assign(has_price="yes"), "has_price"),
        (lambda frame: frame.assign(record_id="same"), "record_id"),
        (lambda frame: frame.assign(vector=None), "vector"),
    ],
    ids=[
        "a column is missing", "a label is null", "a number is text", "a number is missing",
        "a count is a fraction", "a flag is text", "a key occurs twice", "a vector is missing",
    ],
)  # fmt: skip
def test_a_bad_frame_is_refused_and_the_column_named(change, named):
    answer = checked(change(examples().to_pandas()))
    assert not answer.success
    assert named in answer.description


@pytest.mark.parametrize("value", [None, [1, 2], pl.DataFrame()])
def test_what_is_no_pandas_frame_is_refused(value):
    assert not checked(value).success


def test_there_and_back_is_the_same_frame():
    assert from_pandas(TRAINING_SET, examples().to_pandas()).equals(examples())
    assert from_pandas(TRAINING_SET, examples(0).to_pandas()).equals(examples(0))


def test_features_are_taken_with_what_is_not_known_of_them():
    features = TABLES["features"]
    known = row("features", flesch_reading_ease=60.5, price_min_7d=1.0, days_since_version=3.0)
    rows = frame("features", known, row("features", number=1))
    there = rows.to_pandas()
    assert dg.check_dagster_type(pandas_type(features), there).success
    assert from_pandas(features, there).equals(rows)


@pytest.mark.parametrize("name", sorted(FEATURE_COLUMNS))
def test_no_feature_of_a_model_may_be_missing(name):
    answer = checked(examples().to_pandas().assign(**{name: None}))
    assert not answer.success
    assert name in answer.description


def test_a_run_stops_at_the_type_before_its_asset_sees_the_frame():
    seen = []

    @dg.op(out=dg.Out(FRAME))
    def bad():
        return pd.DataFrame({"record_id": ["a"]})

    @dg.op(ins={"training_set": dg.In(FRAME)})
    def reader(training_set):
        seen.append(training_set)

    @dg.job
    def training():
        reader(bad())

    assert not training.execute_in_process(raise_on_error=False).success
    assert seen == []
