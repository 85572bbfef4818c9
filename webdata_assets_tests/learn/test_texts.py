"""Predictions for texts that are no records."""

import numpy as np
import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.embed.encoder import Usage
from webdata_assets.stages.featurize.url import url_features
from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.texts import predict_texts
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.tasks.model import Inputs
from webdata_assets_tests.learn.samples import (
    CATEGORIES,
    DIMENSIONS,
    MODEL_ID,
    TASK,
    corpus,
    embeddings,
    features,
)


class AxisEncoder:
    """Puts a text on the axis of the category that it names."""

    def __init__(self, model_id=MODEL_ID):
        self.model_id = model_id
        self.dimensions = DIMENSIONS
        self.max_tokens = 32
        self.splits_at_space = True
        self.encoded = 0

    def encode(self, texts, on_encoded=None):
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            axis = next((n for n, name in enumerate(CATEGORIES) if name in text), DIMENSIONS - 1)
            vectors[row, axis] = 1
        return vectors

    encode_queries = encode

    def usage(self):
        return Usage(0, 0, 0.0)

    def token_offsets(self, text):
        ends = [at for at, letter in enumerate(text + " ") if letter == " "]
        starts = [0, *(end + 1 for end in ends[:-1])]
        return [(start, end) for start, end in zip(starts, ends, strict=True) if end > start]

    def token_offsets_batch(self, texts):
        return [self.token_offsets(text) for text in texts]


@pytest.fixture(scope="module")
def rows():
    return build_training_set(corpus(), features(), embeddings(), TASK)


def test_texts_are_predicted_in_their_order(rows):
    items = [("A garden", "Of the garden"), (None, "In the office"), ("My kitchen", None)]
    predicted = predict_texts(train(rows, TASK), AxisEncoder(), items)
    assert predicted.labels == ["garden", "office", "kitchen"]


def test_a_text_without_a_word_is_predicted_too(rows):
    predicted = predict_texts(train(rows, TASK), AxisEncoder(), [(None, None), ("", " \n")])
    assert np.isfinite(predicted.probabilities).all()
    np.testing.assert_array_equal(predicted.probabilities[0], predicted.probabilities[1])


def test_no_texts_have_no_predictions(rows):
    assert predict_texts(train(rows, TASK), AxisEncoder(), []).labels == []


def test_what_a_text_alone_cannot_tell_counts_as_the_mean(rows):
    only = {"text": False, "vector": False}
    unknown = train(
        rows, TASK.model_copy(update={"inputs": Inputs(**only, features=("age_days", "log_price"))})
    )
    told = predict_texts(unknown, AxisEncoder(), [("a", "b c d"), ("e", None)]).probabilities
    mean = rows.head(1).with_columns(
        pl.lit(None, pl.Float64).alias("age_days"), pl.lit(None, pl.Float64).alias("log_price")
    )
    np.testing.assert_array_equal(told, np.repeat(unknown.predict(mean).probabilities, 2, axis=0))


def test_the_shape_of_a_url_counts_as_the_mean_where_there_is_none(rows):
    names = tuple(formula.meta.output_name() for formula in url_features())
    inputs = Inputs(text=False, vector=False, features=names)
    by_url = train(rows, TASK.model_copy(update={"inputs": inputs}))
    told = predict_texts(by_url, AxisEncoder(), [("https://a.test/1/2-3.html?x=1", "b")]).probabilities
    mean = rows.head(1).with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
    np.testing.assert_array_equal(told, by_url.predict(mean).probabilities)


def test_features_of_the_text_itself_are_computed(rows):
    only = {"text": False, "vector": False}
    short = train(rows, TASK.model_copy(update={"inputs": Inputs(**only, features=("text_words",))}))
    one, other = predict_texts(short, AxisEncoder(), [("a", "b"), ("a", "b c d e f g h")]).probabilities
    assert not np.array_equal(one, other)


def test_without_vectors_nothing_is_encoded(rows):
    encoder = AxisEncoder("another@1")
    predict_texts(
        train(rows, TASK.model_copy(update={"inputs": Inputs(vector=False)})), encoder, [("a", "b")]
    )
    assert encoder.encoded == 0


def test_vectors_of_another_encoder_are_refused(rows):
    with pytest.raises(PermanentError, match="trained on vectors of tiny@1"):
        predict_texts(train(rows, TASK), AxisEncoder("another@1"), [("a", "b")])
