"""An OpenAI-compatible endpoint: what is asked, what is taken, and what becomes of failures."""

import json
import logging
import time
import traceback

import numpy as np
import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.embed.encoder import Usage
from webdata_assets.stages.embed.encoders import openai
from webdata_assets.stages.embed.encoders.openai import EndpointEncoder, endpoint_id
from webdata_assets_tests.embed.encoders.endpoint_server import (
    DIMENSIONS,
    EndpointServer,
    Reply,
    answer_to,
    error,
    vector_of,
)

KEY = "sk-canary-7f3a9c2e"
FAST = 60_000
"""Requests per minute that no test waits for."""


@pytest.fixture
def server():
    with EndpointServer() as running:
        yield running


def encoder_of(server: EndpointServer, **changed: object) -> EndpointEncoder:
    given = {"key": KEY, "requests_per_minute": FAST, "retries": 0, **changed}
    return EndpointEncoder("small", server.url, **given)


def changed_answer(change):
    """Reply with the documented answer after a change to it."""

    def behave(request):
        answer = answer_to(request)
        return Reply(body=json.dumps(change(answer) or answer).encode())

    return behave


def test_vectors_come_in_the_order_of_the_texts_and_at_unit_length(server):
    texts = ["three short words", "one", "a text that is longer than the others are"]
    vectors = encoder_of(server).encode(texts)
    np.testing.assert_allclose(vectors, np.array([vector_of(text) for text in texts]) / 3, atol=1e-6)
    assert vectors.dtype == np.float32


def test_the_documented_request_is_sent(server):
    encoder_of(server).encode(["a text"])
    assert server.requests == [{"input": ["a text"], "model": "small", "encoding_format": "float"}]
    assert server.keys == [f"Bearer {KEY}"]


def test_an_answer_in_another_order_is_put_in_order(server):
    server.behave = changed_answer(lambda answer: answer["data"].reverse())
    texts = ["first text", "second text", "third text"]
    vectors = encoder_of(server).encode(texts)
    np.testing.assert_allclose(vectors, np.array([vector_of(text) for text in texts]) / 3, atol=1e-6)


def test_batches_keep_to_their_number_of_texts_and_tokens(server, monkeypatch):
    monkeypatch.setattr(openai, "BATCH_TEXTS", 4)
    monkeypatch.setattr(openai, "BATCH_TOKENS", 10)
    texts = ["one two three four five six"] * 3 + ["short"] * 9
    seen = []
    vectors = encoder_of(server).encode(texts, lambda done, total: seen.append((done, total)))
    sizes = [len(request["input"]) for request in server.requests]
    tokens = [sum(len(text.split()) for text in request["input"]) for request in server.requests]
    assert max(sizes) <= 4
    assert max(tokens) <= 10
    assert len(sizes) < len(texts)
    assert vectors.shape == (12, DIMENSIONS)
    assert seen[-1] == (12, 12)
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)


def test_a_text_is_cut_at_the_most_tokens(server):
    encoder_of(server, max_tokens=16).encode([" ".join(["word"] * 40)])
    assert server.requests[0]["input"] == [" ".join(["word"] * 16)]


def test_no_text_makes_no_request_for_texts(server):
    encoder = encoder_of(server)
    encoder.encode(["a"])
    assert encoder.encode([]).shape == (0, DIMENSIONS)
    assert len(server.requests) == 1


def test_dimensions_are_asked_for_once(server):
    encoder = encoder_of(server)
    assert (encoder.dimensions, encoder.dimensions) == (DIMENSIONS, DIMENSIONS)
    assert len(server.requests) == 1


def test_usage_sums_texts_tokens_and_cost(server):
    encoder = encoder_of(server, price=2.0)
    assert encoder.usage() == Usage()
    encoder.encode(["three short words", "one"])
    encoder.encode_queries(["two words"])
    assert encoder.usage() == Usage(texts=3, tokens=6, cost=6 * 2.0 / 1e6)


def test_an_answer_without_usage_is_taken(server):
    server.behave = changed_answer(lambda answer: {"data": answer["data"]})
    encoder = encoder_of(server)
    encoder.encode(["a text"])
    assert encoder.usage() == Usage(texts=1)


def test_requests_are_spaced(server, monkeypatch):
    monkeypatch.setattr(openai, "BATCH_TEXTS", 1)
    encoder = encoder_of(server, requests_per_minute=600)
    started = time.monotonic()
    encoder.encode(["a", "b", "c", "d"])
    assert time.monotonic() - started >= 0.3
    assert len(server.requests) == 4


def test_retries_are_spaced_too(server):
    server.script = [error(500, "down", retry_after_ms="1")] * 2
    encoder = encoder_of(server, requests_per_minute=600, retries=2)
    started = time.monotonic()
    encoder.encode(["a"])
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_tried_again(server, status):
    server.script = [error(status, "later", retry_after_ms="1")]
    assert encoder_of(server, retries=1).encode(["a text"]).shape == (1, DIMENSIONS)
    assert len(server.requests) == 2


def test_retry_after_is_waited_for(server):
    server.script = [error(429, "slow down", retry_after="1")]
    encoder = encoder_of(server, retries=1)
    started = time.monotonic()
    encoder.encode(["a"])
    assert time.monotonic() - started >= 1


def test_429_without_end_is_transient_and_says_when_to_come_back(server):
    server.behave = lambda _request: error(429, "slow down", retry_after="7", retry_after_ms="1")
    with pytest.raises(TransientError, match="slow down") as caught:
        encoder_of(server, retries=1).encode(["a"])
    assert caught.value.retry_after_seconds == 7
    assert caught.value.failure_domain is FailureDomain.TARGET
    assert len(server.requests) == 2


def test_an_account_without_means_is_for_a_person(server):
    server.behave = lambda _request: error(429, "You exceeded your current quota", "insufficient_quota")
    with pytest.raises(PermanentError, match="WEBDATA_ENCODER_KEY has no means left"):
        encoder_of(server).encode(["a"])


def test_a_slow_server_is_a_transient_error(server):
    server.behave = lambda _request: Reply(seconds=2)
    with pytest.raises(TransientError, match="timed out"):
        encoder_of(server, timeout_seconds=0.2).encode(["a"])


def test_no_server_is_a_transient_error():
    with EndpointServer() as server:
        url = server.url
    with pytest.raises(TransientError, match="Connection error"):
        EndpointEncoder("small", url, retries=0).encode(["a"])


@pytest.mark.parametrize(
    ("status", "domain", "remedy"),
    [
        (401, FailureDomain.ACCESS, "check WEBDATA_ENCODER_KEY"),
        (403, FailureDomain.ACCESS, "check WEBDATA_ENCODER_KEY"),
        (400, FailureDomain.CONFIGURATION, "WEBDATA_ENCODER_MAX_TOKENS"),
        (404, FailureDomain.CONFIGURATION, "check WEBDATA_ENCODER_URL, WEBDATA_ENCODER_MODEL"),
    ],
)
def test_a_refusal_is_permanent_names_the_remedy_and_is_not_tried_again(server, status, domain, remedy):
    server.behave = lambda _request: error(status, "no")
    with pytest.raises(PermanentError, match=remedy) as caught:
        encoder_of(server, retries=3).encode(["a"])
    assert caught.value.failure_domain is domain
    assert len(server.requests) == 1


def test_a_request_that_is_too_large_is_halved(server):
    server.behave = lambda request: error(413, "batch size") if len(request["input"]) > 2 else None
    texts = [f"text {number}" for number in range(7)]
    vectors = encoder_of(server).encode(texts)
    np.testing.assert_allclose(vectors, np.array([vector_of(text) for text in texts]) / 3, atol=1e-6)


def test_one_text_that_is_too_large_is_an_error(server):
    server.behave = lambda _request: error(413, "too large")
    with pytest.raises(PermanentError, match="too large"):
        encoder_of(server).encode(["a"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda answer: answer["data"].pop(), "1 embeddings for 2 texts"),
        (lambda answer: answer["data"].append(answer["data"][0]), "3 embeddings for 2 texts"),
        (lambda answer: answer["data"][0].update(index=1), "indices of others"),
        (lambda answer: answer["data"][0]["embedding"].pop(), r"dimensions"),
        (lambda answer: answer["data"][0]["embedding"].__setitem__(0, float("nan")), "not finite"),
        (lambda answer: answer["data"][0]["embedding"].__setitem__(0, 1e300), "not finite"),
        (lambda answer: answer["data"][0].update(embedding=[0.0] * DIMENSIONS), "zero"),
        (lambda answer: [each.update(embedding=[]) for each in answer["data"]], "zero"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(server, change, message):
    def behave(request):
        answer = answer_to(request)
        change(answer)
        return Reply(body=json.dumps(answer).encode())

    server.behave = behave
    with pytest.raises(PermanentError, match=message) as caught:
        encoder_of(server).encode(["one text", "two texts"])
    assert caught.value.failure_domain is FailureDomain.TARGET


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b'{"data": [', b"[]", b"{}", b'{"data": [{"index": 0}]}', b"\xff"]
)
def test_an_answer_that_is_none_is_a_transient_error_that_says_where(server, body):
    server.behave = lambda _request: Reply(body=body)
    with pytest.raises(TransientError, match="did not answer with embeddings"):
        encoder_of(server).encode(["a"])


def test_other_dimensions_than_before_are_refused(server):
    encoder = encoder_of(server)
    encoder.encode(["a"])
    server.behave = changed_answer(lambda answer: answer["data"][0]["embedding"].pop() and None)
    with pytest.raises(PermanentError, match="7 dimensions, 8 before"):
        encoder.encode(["b"])


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_key_is_in_no_error_and_no_log(server, caplog, status):
    caplog.set_level(logging.DEBUG)
    server.behave = lambda _request: error(status, f"Incorrect API key provided: {KEY}")
    encoder = encoder_of(server, retries=1)
    with pytest.raises((PermanentError, TransientError)) as caught:
        encoder.encode(["a"])
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(encoder)
    assert KEY not in shown
    assert "provided: ***" in str(caught.value)
    assert len(caplog.records) > 0


def test_a_key_that_cannot_be_sent_is_refused_unseen(server):
    with pytest.raises(PermanentError, match="WEBDATA_ENCODER_KEY") as caught:
        encoder_of(server, key=f"{KEY}\n")
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    ["", "api.openai.com/v1", "ftp://host/v1", "https://user:secret@host/v1", "https://host/v1?key=secret"],
)
def test_a_url_that_is_none_or_holds_a_secret_is_refused(url):
    with pytest.raises(PermanentError, match="WEBDATA_ENCODER_URL is http") as caught:
        endpoint_id("small", url)
    assert "secret" not in str(caught.value)


def test_the_id_names_model_host_and_length():
    assert endpoint_id("small", "https://api.openai.com/v1", 0) == "small@api.openai.com/float/endpoint/512"
    assert endpoint_id("small", "http://gpu:8000/v1", 256) == "small@gpu:8000/float/endpoint/256"
