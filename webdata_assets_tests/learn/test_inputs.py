"""What a classifier sees of an example."""

import numpy as np
import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.learn.inputs import READ_CHARACTERS, feature_names, learn_inputs
from webdata_assets.tasks.model import Inputs

TEXT = Inputs(vector=False, features="none")


def texts(*words):
    return pl.DataFrame({"words": words})


def row(inputs, text):
    return inputs.rows(texts(text)).toarray()[0]


@pytest.mark.parametrize(("rows", "least"), [(4, 2), (100, 5)])
def test_words_that_too_few_rows_have_are_not_read(rows, least):
    common = ["pot" if number < least else f"x{number}" for number in range(rows)]
    rare = [f"{word} pan" if number < least - 1 else word for number, word in enumerate(common)]
    assert learn_inputs(texts(*common), TEXT).width == learn_inputs(texts(*rare), TEXT).width == 1


def test_words_count_less_the_more_often_they_stand_and_as_one_together():
    inputs = learn_inputs(texts("pot pan", "pan pot", "pot", "pan"), TEXT)
    twice = 1 + np.log(2)
    assert sorted(row(inputs, "pot. Pot! pan")) == pytest.approx(
        [1 / np.hypot(1, twice), twice / np.hypot(1, twice)]
    )


def test_words_far_down_are_not_read():
    inputs = learn_inputs(texts("pot", "pot"), TEXT)
    assert row(inputs, "x" * READ_CHARACTERS + " pot").sum() == 0


def test_a_feature_that_is_null_stands_at_the_mean():
    frame = pl.DataFrame({"lix": [1.0, 3.0, 9.0]})
    inputs = learn_inputs(frame, Inputs(text=False, vector=False, features=("lix",)))
    assert inputs.rows(pl.DataFrame({"lix": [None]}, schema={"lix": pl.Float64})).toarray().tolist() == [
        [0.0]
    ]


def test_a_feature_far_out_counts_as_five_deviations():
    frame = pl.DataFrame({"lix": [1.0, 3.0, 9.0]})
    inputs = learn_inputs(frame, Inputs(text=False, vector=False, features=("lix",)))
    assert inputs.rows(pl.DataFrame({"lix": [1e30]})).toarray().tolist() == [[pytest.approx(1.0)]]


def test_features_are_taken_in_the_order_of_the_table():
    assert feature_names(Inputs(features=("tokens", "lix"))) == ("lix", "tokens")
    assert feature_names(Inputs()) == FEATURE_COLUMNS
    assert feature_names(Inputs(features="none")) == ()


@pytest.mark.parametrize(
    ("name", "remedy"), [("token", "did you mean `tokens`"), ("flesch_reading_ease", "use one of title_char")]
)
def test_a_feature_that_cannot_be_taken_is_named_with_a_remedy(name, remedy):
    with pytest.raises(PermanentError, match=remedy) as caught:
        feature_names(Inputs(features=(name,)))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
