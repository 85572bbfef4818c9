"""Events: what is sent, signed as receivers check it, and once in effect by each way."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.announcing import Event, add_event, event_id, post_event, write_event
from webdata_assets.stages.deliver.signing import signed_headers
from webdata_assets_tests.deliver.receiving import Receiver, receiver
from webdata_assets_tests.servers.redis import PASSWORD, RedisServer

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()
NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
EVENT = Event(
    id=event_id("records", "a" * 64, 7), sink="records", kind="delta", content="records",
    target="delivered/records", rows=3, content_hash="a" * 64, sequence=7, run_id="run", delivered_at=NOW,
)  # fmt: skip


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path_factory.mktemp("redis"))
    running.start()
    yield running
    running.kill()


def test_an_id_is_of_sink_content_and_sequence():
    assert event_id("records", "a" * 64, 7) == EVENT.id
    others = {
        event_id("other", "a" * 64, 7),
        event_id("records", "b" * 64, 7),
        event_id("records", "a" * 64, 8),
    }
    assert len(others | {EVENT.id}) == 4


def test_the_signature_is_that_of_the_published_example():
    """From the specification's own test vector (standardwebhooks.com)."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
        b'{"test": 2432232314}',
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_posted_event_carries_its_id_and_a_signature_that_holds(hook: Receiver):
    post_event(EVENT, hook.url, SECRET, NOW)
    [(headers, body)] = hook.taken
    assert headers["webhook-id"] == EVENT.id
    signed = f"{EVENT.id}.{headers['webhook-timestamp']}.".encode() + body
    wanted = hmac.new(b"a key of twenty-four byt", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(wanted).decode()}"
    told = json.loads(body)
    assert (told["id"], told["type"]) == (EVENT.id, "webdata.delivery.verified")
    assert (told["data"]["sink"], told["data"]["rows"], told["data"]["sequence"]) == ("records", 3, 7)


@pytest.mark.parametrize(
    ("status", "error"), [(503, TransientError), (429, TransientError), (400, PermanentError)]
)
def test_a_refusal_is_an_error_of_the_sink(hook: Receiver, status: int, error: type[Exception]):
    hook.status = status
    with pytest.raises(error, match=f"answered {status}") as caught:
        post_event(EVENT, hook.url, SECRET, NOW)
    assert caught.value.failure_domain is FailureDomain.SINK


def test_a_redirect_is_not_followed(hook: Receiver):
    hook.status, hook.headers = 307, {"Location": hook.url + "/elsewhere"}
    with pytest.raises(PermanentError, match="answered 307"):
        post_event(EVENT, hook.url, SECRET, NOW)
    assert hook.asked == 1


def test_a_receiver_that_is_not_there_is_tried_again_later():
    with pytest.raises(TransientError, match="cannot be reached"):
        post_event(EVENT, "http://127.0.0.1:9/", SECRET, NOW)


def test_a_secret_that_cannot_be_one_is_not_repeated():
    with pytest.raises(PermanentError, match="not base64") as caught:
        post_event(EVENT, "http://127.0.0.1:9/", "whsec_my secret!", NOW)
    assert "my secret" not in str(caught.value)


def test_a_file_is_written_once(tmp_path: Path):
    for _ in range(2):
        write_event(EVENT, str(tmp_path / "events"), {})
    [path] = (tmp_path / "events").iterdir()
    assert path.name == f"000000000007-records-{EVENT.id}.json"
    assert path.read_bytes() == EVENT.as_json()


def test_a_folder_that_cannot_be_made_is_an_error_of_the_sink(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransientError, match="cannot be written"):
        write_event(EVENT, str(tmp_path / "file" / "events"), {})


def test_a_stream_gets_one_entry_however_often_it_is_told(server: RedisServer):
    address = server.address.replace(f":{PASSWORD}@", "")
    for _ in range(3):
        add_event(EVENT, address, "deliveries", PASSWORD)
    with redis.Redis.from_url(server.address) as client:
        [(_, entry)] = client.xrange("deliveries")
    assert entry == {b"id": EVENT.id.encode(), b"event": EVENT.as_json()}


def test_a_refused_password_is_a_fault_of_the_configuration(server: RedisServer):
    address = server.address.replace(f":{PASSWORD}@", "")
    with pytest.raises(PermanentError, match="refuses the password"):
        add_event(EVENT, address, "deliveries", "another")


def test_a_stream_that_is_down_is_tried_again_later():
    with pytest.raises(TransientError, match="cannot take an event"):
        add_event(EVENT, "redis://127.0.0.1:9/0", "deliveries", None)
