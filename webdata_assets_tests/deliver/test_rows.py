"""What is delivered of each record."""

import polars as pl
import pytest

from webdata_assets.stages.deliver.rows import DELIVERY_SCHEMA, delivery_hash, delivery_rows
from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets_tests.learn.samples import CATEGORIES, TASK, corpus, embeddings, features


@pytest.fixture(scope="module")
def classifier():
    return train(build_training_set(corpus(), features(), embeddings(), TASK), TASK)


def test_live_canonical_records_are_delivered_with_their_prediction(classifier):
    number = pl.int_range(pl.len())
    state = pl.when(number == 1).then(pl.lit("gone")).otherwise(pl.lit("live"))
    duplicate = pl.when(number == 2).then(pl.lit("0" * 32))
    rows = delivery_rows(
        corpus(state=state, duplicate_of=duplicate), features(), embeddings(), classifier, "v1"
    )
    assert rows.schema == DELIVERY_SCHEMA
    assert rows["record_id"].to_list() == [f"{n:032x}" for n in range(60) if n not in (1, 2)]
    assert set(rows["predicted_label"]) == set(CATEGORIES)
    assert rows["predicted_probability"].is_between(1 / 3, 1).all()
    assert set(rows["model_version"]) == {"v1"}


def test_unlabelled_records_are_predicted_too(classifier):
    unlabelled = corpus(category=pl.lit(None, pl.String))
    rows = delivery_rows(unlabelled, features(), embeddings(), classifier, "v1")
    assert rows["category"].null_count() == 60
    assert rows["predicted_label"].null_count() == 0


def test_records_without_features_are_delivered_without_prediction(classifier):
    rows = delivery_rows(corpus(), features(50), embeddings(), classifier, "v1")
    unknown = rows.filter(pl.col("predicted_label").is_null())
    assert len(unknown) == 10
    assert unknown["predicted_probability"].null_count() == unknown["model_version"].null_count() == 10


def test_without_a_classifier_nothing_is_predicted():
    rows = delivery_rows(corpus(), features(), embeddings(), None, None)
    assert rows.schema == DELIVERY_SCHEMA
    assert rows["predicted_label"].null_count() == len(rows) == 60


def test_the_row_hash_follows_the_row(classifier):
    one = delivery_rows(corpus(), features(), embeddings(), classifier, "v1")
    same = delivery_rows(corpus().reverse(), features(), embeddings(), classifier, "v1")
    title = pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("New")).otherwise("title")
    other = delivery_rows(corpus(title=title), features(), embeddings(), classifier, "v1")
    assert delivery_hash(one) == delivery_hash(same) != delivery_hash(other)
    assert (one["row_hash"] != other["row_hash"]).sum() == 1


def test_records_whose_vectors_are_of_another_encoder_are_delivered_without_prediction(classifier):
    rows = delivery_rows(corpus(), features(), embeddings(model_id="tiny@2"), classifier, "v1")
    assert rows["predicted_label"].null_count() == rows["model_version"].null_count() == 60


def test_vectors_of_two_encoders_do_not_hold_up_delivery(classifier):
    mixed = pl.concat(
        [embeddings(10, model_id="tiny@2"), embeddings().filter(pl.col("record_id") > f"{9:032x}")]
    )
    rows = delivery_rows(corpus(), features(), mixed, classifier, "v1")
    assert rows.filter(pl.col("predicted_label").is_null())["record_id"].to_list() == [
        f"{number:032x}" for number in range(10)
    ]
