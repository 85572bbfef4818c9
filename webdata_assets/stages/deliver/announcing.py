"""Telling the world of one delivery: by a signed webhook, a file, or a Redis stream.

What belongs here: the event, and one function for each way, each of which may be repeated. What does not:
which deliveries are told of, and to whom (automation/delivery_events.py).
"""

import datetime as dt
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.location import local_folder
from webdata_assets.stages.deliver.signing import post, signed_headers
from webdata_assets.stages.objects import Objects

EVENT_TYPE = "webdata.delivery.verified"
_ID_DIGITS = 32
_REMEMBERED_SECONDS = 90 * 24 * 3_600

_ADD_ONCE = """
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[3]) then
  return redis.call('XADD', KEYS[1], '*', 'id', ARGV[1], 'event', ARGV[2])
end
return false
"""
"""Runs in Redis as one step: the entry is added, and its id remembered, or neither."""


@dataclass(frozen=True)
class Event:
    """One delivery that has passed its checks.

    Attributes:
        sequence: grows with every newer state of the sink: an event that comes late is told from a new one.
    """

    id: str
    sink: str
    kind: str
    content: str
    target: str
    rows: int
    content_hash: str
    sequence: int
    run_id: str
    delivered_at: dt.datetime

    def as_json(self) -> bytes:
        """Return the event as it is sent, always the same bytes."""
        data = {name: value for name, value in asdict(self).items() if name != "id"}
        document = {"id": self.id, "type": EVENT_TYPE, "timestamp": self.delivered_at, "data": data}
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def event_id(sink: str, content_hash: str, sequence: int) -> str:
    """Return the id of an event: the same for the same delivery, whoever computes it."""
    return blake3(f"{sink}\n{content_hash}\n{sequence}".encode()).hexdigest()[:_ID_DIGITS]


def post_event(event: Event, url: str, secret: str, now: dt.datetime) -> None:
    """POST an event, signed, with its id as `webhook-id`. Raises as `signing.post` does."""
    body = event.as_json()
    post(url, body, signed_headers(secret, event.id, int(now.timestamp()), body))


def write_event(event: Event, uri: str, options: Mapping[str, str]) -> None:
    """Write an event to a file of its own in a folder or below an object store's address, unless it is there.

    Raises:
        TransientError: the place cannot be written.
    """
    name = f"{event.sequence:012d}-{event.sink}-{event.id}.json"
    if "://" in uri and not uri.startswith("file://"):
        Objects(uri, options).put_if_absent(name, event.as_json())
        return
    folder = local_folder(uri)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / name).exists():
            _write_whole(folder / name, event.as_json())
    except OSError as error:
        raise TransientError(
            f"{folder} cannot be written: {error.strerror}", failure_domain=FailureDomain.SINK
        ) from error


def add_event(event: Event, uri: str, stream: str, password: str | None) -> None:
    """Add an event to a Redis stream, unless one with its id was added in the last 90 days.

    Raises:
        PermanentError: CONFIGURATION, the client is not installed, or the server refuses the password.
        TransientError: SINK, the server cannot be reached.
    """
    try:
        import redis
    except ImportError as error:
        raise PermanentError(
            "Redis needs the extra `celery`: pip install 'webdata-assets[celery]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    try:
        with redis.Redis.from_url(uri, password=password, socket_timeout=15) as server:
            keys = [stream, f"{stream}:{event.id}"]
            server.eval(_ADD_ONCE, len(keys), *keys, event.id, event.as_json(), _REMEMBERED_SECONDS)
    except redis.AuthenticationError as error:
        raise PermanentError(
            f"{uri} refuses the password", failure_domain=FailureDomain.CONFIGURATION
        ) from error
    except redis.RedisError as error:
        raise TransientError(
            f"{uri} cannot take an event: {error}", failure_domain=FailureDomain.SINK
        ) from error


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that readers see whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".event-", delete=False) as staged:
        staged.write(content)
        staged.flush()
        os.fsync(staged.fileno())
    Path(staged.name).rename(path)
