"""Training, predicting, saving."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler, normalize

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas.features import FEATURE_COLUMNS
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.learn import classifier as module
from webdata_assets.stages.learn import inputs as inputs_module
from webdata_assets.stages.learn.classifier import WEIGHTS_FILE, Classifier, train
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.tasks.model import Evaluation, Inputs
from webdata_assets_tests.learn.samples import CATEGORIES, TASK, corpus, embeddings, features


@pytest.fixture(scope="module")
def frame():
    return build_training_set(corpus(), features(), embeddings(), TASK)


@pytest.fixture(scope="module")
def trained(frame):
    return train(frame.filter(split="train"), TASK)


def task_of(**inputs):
    return TASK.model_copy(update={"inputs": Inputs(**inputs)})


def accuracy(predicted, rows):
    return np.mean([a == b for a, b in zip(predicted.labels, rows["label"], strict=True)])


def test_categories_that_can_be_learnt_are_learnt(frame, trained):
    test = frame.filter(split="test")
    assert accuracy(trained.predict(test), test) >= 0.9
    assert trained.classes == tuple(sorted(CATEGORIES))


@pytest.mark.parametrize(("metric", "weight"), [("macro_f1", "balanced"), ("accuracy", None)])
def test_probabilities_are_those_of_scikit_learn(frame, metric, weight):
    fewer = frame.filter((pl.col("label") != "office") | (pl.int_range(pl.len()) % 2 == 0))
    learning = (fewer["split"] == "train").to_numpy()
    texts = fewer["words"].to_numpy()
    read = CountVectorizer(ngram_range=(1, 2), min_df=int(np.ceil(learning.sum() ** 0.5 / 2)))
    counts = read.fit(texts[learning]).transform(texts).astype(float)
    counts.data = 1 + np.log(counts.data)
    logs = np.log1p(fewer.select(pl.col(FEATURE_COLUMNS).cast(pl.Float64)).to_numpy())
    scaled = StandardScaler().fit(logs[learning]).transform(logs).clip(-5, 5)
    inputs = np.hstack([normalize(counts).toarray(), 0.2 * scaled, vector_matrix(fewer["vector"])])
    peer = LogisticRegression(C=module._INVERSE_REGULARISATION, max_iter=1_000, class_weight=weight)
    peer.fit(inputs[learning], fewer["label"].to_numpy()[learning])
    task = TASK.model_copy(update={"evaluation": Evaluation(metric=metric)})
    found = train(fewer.filter(split="train"), task).predict(fewer).probabilities
    np.testing.assert_allclose(found, peer.predict_proba(inputs), atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_two_classes_give_two_probabilities_for_the_right_labels(frame):
    two = frame.filter(pl.col("label") != "office")
    predicted = train(two, TASK).predict(two)
    assert predicted.probabilities.shape == (40, 2)
    assert accuracy(predicted, two) >= 0.9


def test_a_column_that_never_varies_does_no_harm(frame):
    constant = frame.with_columns(age_days=pl.lit(3.0))
    assert np.isfinite(train(constant, TASK).predict(constant).probabilities).all()


def test_a_row_is_predicted_alike_whatever_stands_beside_it(frame, trained):
    whole = trained.predict(frame).probabilities
    np.testing.assert_array_equal(trained.predict(frame.slice(17, 1)).probabilities, whole[17:18])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (lambda frame: frame.filter(label="kitchen"), "20 rows with 1 labels"),
        (lambda frame: frame.head(5), "5 rows with 3 labels"),
        (lambda frame: frame.clear(), "0 rows with 0 labels"),
    ],
)
def test_too_little_to_learn_from_is_refused_with_counts(frame, rows, message):
    with pytest.raises(PermanentError, match=message) as caught:
        train(rows(frame), TASK)
    assert caught.value.failure_domain is FailureDomain.MODEL


def test_vectors_of_another_encoder_are_refused(frame, trained):
    other = frame.with_columns(model_id=pl.lit("tiny@2"))
    with pytest.raises(PermanentError, match=r"trained on vectors of tiny@1, not \['tiny@2'\]"):
        trained.predict(other)


def test_without_vectors_those_of_any_encoder_are_read(frame):
    blind = train(frame, task_of(vector=False))
    other = frame.with_columns(model_id=pl.lit("tiny@2"))
    assert blind.reads(other)
    np.testing.assert_array_equal(blind.predict(other).probabilities, blind.predict(frame).probabilities)


@pytest.mark.parametrize(
    ("inputs", "columns"),
    [
        ({"vector": False, "features": "none"}, ["words"]),
        ({"text": False, "features": "none"}, ["vector", "model_id"]),
        ({"text": False, "vector": False}, list(FEATURE_COLUMNS)),
        ({"text": False, "vector": False, "features": ("lix", "tokens")}, ["lix", "tokens"]),
    ],
)
def test_only_what_the_task_names_is_read(frame, inputs, columns):
    classifier = train(frame, task_of(**inputs))
    expected = classifier.predict(frame).probabilities
    np.testing.assert_array_equal(classifier.predict(frame.select(columns)).probabilities, expected)


def test_no_rows_have_no_predictions(frame, trained):
    assert trained.predict(frame.clear()).labels == []


def test_a_saved_classifier_predicts_the_same(frame, trained, tmp_path):
    trained.save(tmp_path / "model", probe=frame)
    loaded = Classifier.load(tmp_path / "model")
    assert loaded.artefact_hash == trained.artefact_hash
    np.testing.assert_array_equal(loaded.predict(frame).probabilities, trained.predict(frame).probabilities)


def test_a_classifier_that_is_read_back_otherwise_is_noticed(frame, trained, tmp_path, monkeypatch):
    other = train(frame, TASK)
    monkeypatch.setattr(Classifier, "load", classmethod(lambda cls, folder: other))
    with pytest.raises(RuntimeError, match="not the one that was saved"):
        trained.save(tmp_path / "model")


def test_arrays_in_fortran_order_survive(frame, trained, tmp_path):
    turned = dataclasses.replace(trained, weights=np.asfortranarray(trained.weights))
    turned.save(tmp_path / "model", probe=frame)
    np.testing.assert_array_equal(Classifier.load(tmp_path / "model").weights, trained.weights)


def test_saving_again_changes_nothing_and_another_classifier_is_refused(frame, trained, tmp_path):
    trained.save(tmp_path / "model")
    before = (tmp_path / "model" / WEIGHTS_FILE).stat().st_mtime_ns
    trained.save(tmp_path / "model")
    assert (tmp_path / "model" / WEIGHTS_FILE).stat().st_mtime_ns == before
    with pytest.raises(FileExistsError, match="already holds something else"):
        train(frame.head(20), TASK).save(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_changed_artefact_is_refused(trained, tmp_path):
    trained.save(tmp_path / "model")
    path = tmp_path / "model" / WEIGHTS_FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(PermanentError, match=f"{WEIGHTS_FILE} was changed") as caught:
        Classifier.load(tmp_path / "model")
    assert caught.value.failure_domain is FailureDomain.MODEL


@pytest.mark.parametrize("manifest", ["", "[]", "{}", json.dumps({"facts": {}, "sha256": {"none": "0"}})])
def test_a_broken_manifest_is_refused(trained, tmp_path, manifest):
    trained.save(tmp_path / "model")
    (tmp_path / "model" / "manifest.json").write_text(manifest)
    with pytest.raises(PermanentError, match="holds no readable artefact"):
        Classifier.load(tmp_path / "model")


def test_a_classifier_of_other_features_is_refused(trained, tmp_path, monkeypatch):
    trained.save(tmp_path / "model")
    monkeypatch.setattr(module, "FEATURE_COLUMNS", FEATURE_COLUMNS[1:])
    with pytest.raises(PermanentError, match=f"other features.*such as {FEATURE_COLUMNS[0]}"):
        Classifier.load(tmp_path / "model")


def test_features_that_came_later_do_not_disturb_a_classifier(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs_module, "FEATURE_COLUMNS", FEATURE_COLUMNS[:5])
    earlier = train(frame.filter(split="train"), TASK)
    earlier.save(tmp_path / "model")
    monkeypatch.undo()
    loaded = Classifier.load(tmp_path / "model")
    assert loaded.features == FEATURE_COLUMNS[:5]
    assert loaded.predict(frame).labels == earlier.predict(frame).labels
    assert loaded.artefact_hash == earlier.artefact_hash


def test_the_order_of_rows_does_not_count(frame, trained):
    shuffled = frame.filter(split="train").sample(fraction=1, shuffle=True, seed=1)
    assert train(shuffled, TASK).artefact_hash == trained.artefact_hash


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_trains_the_same_bytes(trained, threads):
    code = """
from webdata_assets.stages.learn.classifier import train
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets_tests.learn.samples import TASK, corpus, embeddings, features
rows = build_training_set(corpus(), features(), embeddings(), TASK).filter(split="train")
print(train(rows, TASK).artefact_hash)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
    )
    assert done.stdout.strip() == trained.artefact_hash
