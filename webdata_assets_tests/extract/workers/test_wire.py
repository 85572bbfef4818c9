"""What crosses between a worker and its parent arrives as it was sent, and is never code."""

import datetime as dt
import socket
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import load_sources
from webdata_assets.stages.engine import errors
from webdata_assets.stages.extract.extraction import Candidate, Extraction, FieldError, PageFailure
from webdata_assets.stages.extract.workers import wire
from webdata_assets.stages.extract.workers.channel import Channel, MessageTooLargeError
from webdata_assets.stages.extract.workers.tasks import extraction_of
from webdata_assets_tests.extract.making import make_payload

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters()),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(fold=0)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def channels():
    ours, theirs = socket.socketpair()
    pair = Channel(ours), Channel(theirs)
    yield pair
    for channel in pair:
        channel.close()


def sent(header):
    """Return a header as the other side receives it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = Thread(target=Channel(ours).send, args=[header])
        thread.start()
        received = Channel(theirs).receive(seconds=10)
        thread.join()
    assert received is not None
    return received[0]


def same(value):
    """Return a value with its types spelt out, so that 1, 1.0, True and Decimal(1) differ."""
    if isinstance(value, list):
        return [same(entry) for entry in value]
    if isinstance(value, dict):
        return {name: same(entry) for name, entry in value.items()}
    return type(value).__name__, repr(value)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_a_value_arrives_as_it_was(value):
    assert same(wire.unpack_value(sent({"value": wire.pack_value(value)})["value"])) == same(value)


def test_a_page_cannot_write_an_object_that_looks_like_another_type():
    value = {"decimal": "1", "object": {"moment": "2026-06-01"}}
    assert wire.unpack_value(wire.pack_value(value)) == value


def test_a_value_that_no_field_can_have_is_a_bug():
    with pytest.raises(TypeError, match="cannot be a set"):
        wire.pack_value({"tags": {1}})


def test_an_extraction_arrives_as_it_was():
    page = make_payload("<p>x</p>")
    place = (page.payload_hash, page.payload_date)
    error = FieldError("price", "decimal", None, "is missing", "required")
    whole = Extraction(
        (
            Candidate(page.url, 0, {"price": Decimal("1.50")}, *place, (error,), {"page_type": "product"}),
            Candidate(page.url, 1, {}, *place, dropped=error),
        ),
        (PageFailure(page.url, "why", *place),),
        {"price": {"css:.price": 1, "(none)": 1}},
    )
    assert wire.unpack_extraction(sent(wire.pack_extraction(whole)), page) == whole


def test_a_payload_arrives_as_it_was(channels):
    one, other = channels
    page = make_payload(bytes(range(256)) * 3_000)
    sending = Thread(target=lambda: one.send(*wire.pack_payload(page)))
    sending.start()
    assert wire.unpack_payload(*other.receive(seconds=10)) == page
    sending.join()


@pytest.mark.parametrize(
    "error",
    [
        TransientError("later", failure_domain=FailureDomain.SINK),
        PermanentError("never", failure_domain=FailureDomain.CONFIGURATION),
        ValueError("wrong"),
        KeyError("name"),
    ],
)
def test_an_error_keeps_its_type(error):
    again = errors.unpack_error(sent(errors.pack_error(error)))
    assert type(again) is type(error)
    assert getattr(again, "failure_domain", None) == getattr(error, "failure_domain", None)


@pytest.mark.parametrize("name", ["exec", "SystemExit", "KeyboardInterrupt", "Popen", "ExceptionGroup"])
def test_a_worker_cannot_choose_what_is_called_in_its_parent(name):
    error = errors.unpack_error({"type": name, "message": "x", "traceback": ""})
    assert type(error) is RuntimeError
    assert str(error) == f"{name}: x"


def test_a_source_arrives_as_it_was():
    for source in load_sources(PACKAGED_SOURCES).all.values():
        task = extraction_of(source)
        assert Source.model_validate(sent(task.settings)["source"]) == source


def test_a_message_larger_than_allowed_is_not_received(channels):
    one, other = channels
    one.send({"result": "x" * 1_000})
    with pytest.raises(MessageTooLargeError):
        other.receive(seconds=10, most_bytes=100)


def test_the_end_of_the_other_side_is_seen(channels):
    one, other = channels
    one.close()
    assert other.wait(10)
    assert other.receive(seconds=10) is None
