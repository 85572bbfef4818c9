"""The webhook sink, against a receiver that verifies with the scheme's own library."""

import time
from contextlib import suppress
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver import webhook_state
from webdata_assets.stages.deliver.file_formats import encode
from webdata_assets.stages.deliver.folder import open_folder
from webdata_assets.stages.deliver.signing import signed_headers
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.deliver.webhook import WebhookSink
from webdata_assets.stages.deliver.webhook_state import Acknowledged
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, numbered

pytest.importorskip("standardwebhooks", reason="verifies independently; pip install standardwebhooks")

from webdata_assets_tests.deliver.webhook_receiver import SECRET, Receiver, held


def webhook(address: str, shape: Shape) -> Sink:
    url, folder = address.split("|")
    return WebhookSink(url, shape, secret=SECRET, state=open_folder(folder), batch=7)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def hashes(rows):
    return dict(rows.select("record_id", "row_hash").iter_rows())


class TestWebhook(SinkContract):
    make = staticmethod(webhook)
    rows = 100
    atomic = False

    @pytest.fixture
    def address(self, receiver, tmp_path):
        self.receiver = receiver
        yield f"{receiver.url}|{tmp_path / 'state'}"
        # whatever happened, what the receiver made of its messages is what the sink says it holds
        assert held(receiver) == hashes(webhook(f"{receiver.url}|{tmp_path / 'state'}", WIDE).read())

    def spoil(self, monkeypatch, address):
        monkeypatch.setattr(
            webhook_state, "encode", lambda rows, file_format: encode(rows.slice(1), file_format)
        )

    def snapshot(self, address):
        return list(self.receiver.arrived)


@pytest.fixture
def sink(receiver, tmp_path):
    return WebhookSink(
        receiver.url, WIDE, secret=SECRET, state=open_folder(tmp_path), batch=10, sleep=lambda _seconds: None
    )


def test_the_signature_is_that_of_the_specification():
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_changes_arrive_in_batches_each_once(receiver, sink):
    deliver(sink, numbered(25), 1)
    assert len(receiver.arrived) == len(set(receiver.arrived)) == 3
    deliver(sink, numbered(25, first=5), 2)
    assert len(receiver.arrived) == 4
    assert held(receiver) == hashes(numbered(25, first=5))


def test_values_arrive_exactly(receiver, sink):
    deliver(sink, numbered(1), 1)
    row = receiver.rows["00000000"]
    assert (row["price"], row["day"], row["seen_at"]) == (
        "0.0000",
        "2026-07-01",
        "2026-07-01T12:30:00.000000Z",
    )


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_message_is_sent_again_under_its_id_until_it_is_taken(receiver, sink, status):
    answers = iter([(status, {}), (status, {})])
    receiver.answer = lambda _id: next(answers, None)
    deliver(sink, numbered(5), 1)
    assert len(receiver.arrived) == 3
    assert len(set(receiver.arrived)) == 1
    assert held(receiver) == hashes(numbered(5))


def test_retry_after_is_waited_for(receiver, tmp_path):
    waits = []
    sink = WebhookSink(receiver.url, WIDE, secret=SECRET, state=open_folder(tmp_path), sleep=waits.append)
    answers = iter([(429, {"retry-after": "7"})])
    receiver.answer = lambda _id: next(answers, None)
    deliver(sink, numbered(5), 1)
    assert waits == [7.0]


def test_a_receiver_that_asks_for_an_hour_is_left_alone(receiver, sink):
    receiver.answer = lambda _id: (503, {"retry-after": "3600"})
    with pytest.raises(TransientError) as caught:
        deliver(sink, numbered(5), 1)
    assert caught.value.retry_after_seconds == 3600
    assert caught.value.failure_domain is FailureDomain.SINK
    assert len(receiver.arrived) == 1


def test_a_delivery_that_was_cut_off_goes_on_where_it_was(receiver, sink):
    receiver.answer = lambda _id: (400, {}) if len(receiver.applied) == 2 else None
    with pytest.raises(PermanentError, match="answered 400"):
        deliver(sink, numbered(45), 1)
    assert sink.read().equals(numbered(20))
    receiver.answer = lambda _id: None
    result = deliver(sink, numbered(45), 1)
    assert (result.rows, result.inserted) == (45, 45)
    assert len(receiver.applied) == len(set(receiver.applied)) == 5
    # the message that was refused, under the same id
    assert receiver.arrived[2] == receiver.arrived[3]
    assert held(receiver) == hashes(numbered(45))


def test_a_kill_between_sending_and_noting_repeats_that_message_only(receiver, sink, monkeypatch):
    advance = Acknowledged.advance
    monkeypatch.setattr(
        Acknowledged,
        "advance",
        lambda state, plan, done: (
            (_ for _ in ()).throw(KeyboardInterrupt) if done == 2 else advance(state, plan, done)
        ),
    )
    with pytest.raises(KeyboardInterrupt):
        deliver(sink, numbered(45), 1)
    monkeypatch.undo()
    deliver(sink, numbered(45), 1)
    assert len(receiver.arrived) == 6
    assert receiver.arrived[1] == receiver.arrived[2]
    assert len(receiver.applied) == 5
    assert held(receiver) == hashes(numbered(45))


def test_rows_of_a_message_that_may_have_arrived_are_sent_again_by_the_next_delivery(receiver, sink):
    deliver(sink, numbered(10), 1)
    # taken, but the answer is lost
    take = receiver.take
    receiver.take = lambda headers, body: (take(headers, body), (400, {}))[1]
    with pytest.raises(PermanentError):
        deliver(sink, numbered(12, title="New"), 2)
    receiver.take = take
    deliver(sink, numbered(10), 3)
    assert held(receiver) == hashes(numbered(10))


def test_a_delivery_cut_off_after_another_one_knows_what_both_sent(receiver, sink):
    deliver(sink, numbered(10), 1)
    # 80 of 90 new rows arrive, and ten more that nobody knows of
    take = receiver.take
    receiver.take = lambda headers, body: (take(headers, body), (400, {}))[len(receiver.applied) == 10]
    with pytest.raises(PermanentError):
        deliver(sink, numbered(100), 2)
    # they are to go again, and two of nine messages tell so
    receiver.take = take
    receiver.answer = lambda _id: (400, {}) if len(receiver.applied) == 12 else None
    with pytest.raises(PermanentError):
        deliver(sink, numbered(10), 3)
    assert len(receiver.rows) == 80
    receiver.answer = lambda _id: None
    deliver(sink, numbered(12), 4)
    assert held(receiver) == hashes(numbered(12)) == hashes(sink.read())


def test_whatever_is_cut_off_the_receiver_ends_with_the_last_state(receiver):
    states = st.tuples(st.integers(0, 40), st.sampled_from(["Title", "New"]))
    cuts = st.tuples(st.integers(0, 5), st.booleans())
    take = receiver.take

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.lists(st.tuples(states, cuts), min_size=1, max_size=6))
    def check(deliveries):
        receiver.forget()
        with TemporaryDirectory() as folder:
            sink = WebhookSink(receiver.url, WIDE, secret=SECRET, state=open_folder(folder), batch=5)
            for sequence, ((rows, title), (messages, arrives)) in enumerate(deliveries):
                _cut_off(receiver, take, after=messages, arrives=arrives)
                with suppress(PermanentError):
                    deliver(sink, numbered(rows, title=title), sequence)
            receiver.take = take
            deliver(sink, numbered(7), len(deliveries))
            assert held(receiver) == hashes(numbered(7)) == hashes(sink.read())

    check()


def _cut_off(receiver, take, *, after, arrives):
    """Refuse the message after some, having taken it or not."""
    left = iter(range(after))

    def answer(headers, body):
        if next(left, None) is not None:
            return take(headers, body)
        if arrives:
            take(headers, body)
        return 400, {}

    receiver.take = answer


def test_a_new_receiver_gets_every_row_whatever_the_one_before_it_took(receiver, tmp_path):
    deliver(webhook(f"{receiver.url}|{tmp_path}", WIDE), numbered(5), 3)
    other = Receiver()
    try:
        result = deliver(webhook(f"{other.url}|{tmp_path}", WIDE), numbered(6), 3)
        assert result.inserted == 6
        assert held(other) == hashes(numbered(6))
    finally:
        other.close()


def test_redirects_are_refused(receiver, sink):
    other = Receiver()
    receiver.answer = lambda _id: (307, {"location": other.url})
    with pytest.raises(PermanentError, match="redirects are not followed"):
        deliver(sink, numbered(5), 1)
    other.close()
    assert other.arrived == []


def test_nobody_there_is_transient(tmp_path):
    receiver = Receiver()
    receiver.close()
    sink = WebhookSink(
        receiver.url, WIDE, secret=SECRET, state=open_folder(tmp_path), sleep=lambda _seconds: None
    )
    with pytest.raises(TransientError, match="cannot be reached"):
        deliver(sink, numbered(5), 1)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("ftp://a/b", SECRET),
        ("http://", SECRET),
        ("https://user:word@a/b", SECRET),
        ("https://a/b", "whsec_?"),
    ],
)
def test_an_url_or_a_secret_that_cannot_be_used_is_refused_and_not_told(tmp_path, url, secret):
    with pytest.raises(PermanentError) as caught:
        WebhookSink(url, WIDE, secret=secret, state=open_folder(tmp_path))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert "word" not in str(caught.value).replace("password", "")
    assert secret not in str(caught.value)


def test_tokens_in_the_query_are_not_part_of_the_address(tmp_path):
    sink = WebhookSink("https://a/b?token=x", WIDE, secret=SECRET, state=open_folder(tmp_path))
    assert sink.uri == "https://a/b"


def test_a_late_message_of_an_older_delivery_is_told_by_its_sequence(receiver, sink):
    deliver(sink, numbered(5), 3)
    body = b'{"type":"x","data":{"sequence":2,"key":"record_id","upserts":[{"record_id":"z"}],"deletes":[]}}'
    receiver.take(signed_headers(SECRET, "msg_late", int(time.time()), body), body)
    assert held(receiver) == hashes(numbered(5))


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_state_that_is_not_ours_is_refused(tmp_path, sink, content):
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(PermanentError, match="is not the state of a webhook"):
        deliver(sink, numbered(1), 1)


def test_the_state_keeps_no_files_that_nobody_needs(tmp_path, sink):
    for sequence in range(1, 5):
        deliver(sink, numbered(sequence), sequence)
    assert isinstance(sink.read(), pl.DataFrame)
    assert len(list(tmp_path.glob("rows-*.parquet"))) == 1
    # of the newest plan alone
    assert len(list(tmp_path.glob("changes-*.parquet"))) <= 1
