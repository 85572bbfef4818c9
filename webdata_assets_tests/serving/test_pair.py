"""The promoted pair: what a release names is opened, and what does not fit together is refused."""

import numpy as np
import pytest

from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError
from webdata_assets.serving.pair import open_pair
from webdata_assets_tests.servers.postgres import fresh_database, running_server
from webdata_assets_tests.serving.releasing import Releasing, write_encoder


def test_the_newest_release_is_opened(releasing):
    for number in (1, 2):
        releasing.release(number, model_version=releasing.train(number))
    pair = open_pair(releasing.store, releasing.settings)
    assert pair.release.release == 2
    assert {hit.snippet.split()[0] for hit in pair.search("kettle", limit=20)} == {"release2"}
    assert pair.predict([(None, "a kettle")]).labels[0].startswith("release2-")


def test_a_release_that_was_not_judged_is_passed_over(releasing):
    releasing.release(1)
    releasing.release(2, passed=False)
    assert open_pair(releasing.store, releasing.settings).release.release == 1
    releasing.judge()
    assert open_pair(releasing.store, releasing.settings).release.release == 2


def test_an_open_pair_keeps_what_it_names_while_the_index_goes_on(releasing):
    releasing.release(1)
    pair = open_pair(releasing.store, releasing.settings)
    releasing.release(2)
    assert {hit.snippet.split()[0] for hit in pair.search("kettle", limit=20)} == {"release1"}


def test_without_any_release_it_says_what_to_do(releasing):
    with pytest.raises(NotAdmittedError, match="webdata publish"):
        open_pair(releasing.store, releasing.settings)


def test_a_release_without_a_model_searches_and_does_not_predict(releasing):
    releasing.release(1)
    pair = open_pair(releasing.store, releasing.settings)
    assert pair.search("kettle")
    with pytest.raises(PermanentError, match="has no model") as raised:
        pair.predict([(None, "a kettle")])
    assert raised.value.failure_domain is FailureDomain.MODEL


def test_filters_narrow_a_search(releasing):
    releasing.release(1)
    pair = open_pair(releasing.store, releasing.settings)
    assert {hit.source for hit in pair.search("kettle", sources=["shop1"])} == {"shop1"}
    assert pair.search("kettle", languages=["de"]) == []


def test_another_encoder_than_the_index_was_made_with_is_refused(releasing, tmp_path):
    releasing.release(1)
    other = Releasing(releasing.folder, write_encoder(tmp_path / "other", "other"))
    with pytest.raises(PermanentError, match="this deployment encodes with other@"):
        open_pair(other.store, other.settings)


def test_a_model_that_was_trained_on_vectors_of_another_encoder_is_refused(releasing, tmp_path):
    other = Releasing(releasing.folder, write_encoder(tmp_path / "other", "other"))
    releasing.release(1, model_version=other.train(1))
    with pytest.raises(PermanentError, match=r"model [0-9a-f]{16} was trained on vectors of other@"):
        open_pair(releasing.store, releasing.settings)


def test_a_model_whose_file_was_changed_is_refused(releasing):
    version = releasing.train(1)
    releasing.release(1, model_version=version)
    weights = releasing.store.location.model(version) / "classifier.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(PermanentError):
        open_pair(releasing.store, releasing.settings)


def test_an_index_that_does_not_hold_what_was_released_is_refused(releasing):
    releasing.release(1)
    releasing.append(2, chunks=20)
    with pytest.raises(PermanentError, match="no state named 0000000000000002"):
        open_pair(releasing.store, releasing.settings)
    releasing.index.name("0000000000000003")
    releasing.append(3, chunks=21)
    with pytest.raises(PermanentError, match="holds 20 chunks, release 3 was of 21"):
        open_pair(releasing.store, releasing.settings)


def test_predictions_have_a_probability_for_each_class(releasing):
    releasing.release(1, model_version=releasing.train(1))
    predictions = open_pair(releasing.store, releasing.settings).predict([("title", "a"), (None, "b")])
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1)
    assert predictions.probabilities.shape == (2, 2)


def test_the_index_may_lie_in_postgresql(releasing):
    with running_server() as server, fresh_database(server, "serving") as url:
        releasing.index_url = url
        releasing.release(1)
        pair = open_pair(releasing.store, releasing.settings)
        releasing.release(2)
        for opened, number in ((pair, 1), (open_pair(releasing.store, releasing.settings), 2)):
            hits = opened.search("kettle number3", limit=20, mode="text")
            assert hits[0].snippet == f"release{number} kettle number3 boils water"
            assert {hit.snippet.split()[0] for hit in hits} == {f"release{number}"}
