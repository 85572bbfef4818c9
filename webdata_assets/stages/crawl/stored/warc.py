"""The way in of web archives: a request is answered by what was captured by the end of the partition's date.

What belongs here: choosing the capture, and revisits. What does not: the index (warc_index.py), and the bytes
of a record (warc_record.py).
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.stored.copies import local_archive
from webdata_assets.stages.crawl.stored.warc_index import Capture, WarcIndex
from webdata_assets.stages.crawl.stored.warc_record import (
    StoredMessage,
    check_payload,
    decode_body,
    place_of,
    read_message,
)
from webdata_assets.stages.crawl.transport import Request, Response

_NOT_MODIFIED = 304
_CODING = frozenset({"content-encoding", "transfer-encoding", "content-length"})


def open_warc(
    source: Source, date: dt.date, cache: Path, options: Mapping[str, str] | None = None
) -> "WarcTransport":
    """Return the way in of all archives that a source names; see WarcIndex.open and local_archive."""
    rules = [rule for rule in source.fetch.discover if isinstance(rule, DiscoverWarc)]
    with ExitStack() as opened:
        places = [local_archive(rule.at(date), cache, options or {}) for rule in rules]
        indexes = [opened.enter_context(closing(WarcIndex.open(place, cache))) for place in places]
        # from here on the transport closes them
        opened.pop_all()
    return WarcTransport(date, indexes)


class WarcTransport:
    """Answers requests from archives, without a network. What is stored stays: no answer is worth a retry."""

    name = "warc"

    def __init__(self, date: dt.date, indexes: Sequence[WarcIndex]) -> None:
        """Take the partition's date and the archives, whose indexes are closed with this."""
        self._date = date
        self._indexes = tuple(indexes)

    async def fetch(self, request: Request) -> Response:
        """Return the URL's last capture on the date, or else the last one before it.

        Only an answer of success has a body here. `observed_at` is the capture's WARC-Date.

        Raises:
            PermanentError: TARGET, when the URL, or what a revisit refers to, is not in the archive, or the
                archive holds only a part of the page; PARSE, when the record is damaged; RESOURCE, when the
                body is over the cap.
            TransientError: RESOURCE, when the disk fails.
        """
        # read in the event loop: nothing else is being waited for, and a thread costs more than most records
        started = time.perf_counter()
        index, capture = self._latest(request.url)
        message = read_message(capture.path, capture.entry, max_body_bytes=request.max_body_bytes)
        if capture.entry.kind == "revisit" and (
            message.is_content or message.status in (None, _NOT_MODIFIED)
        ):
            message = self._revisited(index, capture, message, request.max_body_bytes)
        body = b""
        if message.is_content:
            if message.truncated is not None:
                raise _missing(f"the archive holds only a part of the page ({message.truncated})")
            body = decode_body(message, max_body_bytes=request.max_body_bytes)
        assert message.status is not None
        return Response(
            url=request.url,
            status=message.status,
            headers=message.headers,
            body=body,
            elapsed_ms=round((time.perf_counter() - started) * 1000),
            observed_at=capture.entry.moment,
        )

    async def close(self) -> None:
        """Release the indexes."""
        for index in self._indexes:
            index.close()

    def _latest(self, url: str) -> tuple[WarcIndex, Capture]:
        found = [(index, capture) for index in self._indexes if (capture := index.latest(url, self._date))]
        if not found:
            raise _missing(f"not in the archive on {self._date} or before")
        return max(found, key=lambda pair: pair[1].entry.moment)

    def _revisited(
        self, index: WarcIndex, capture: Capture, revisit: StoredMessage, max_body_bytes: int
    ) -> StoredMessage:
        """Return the payload that a revisit refers to, under the revisit's own head where it has one."""
        entry = capture.entry
        original = index.payload_of(entry)
        if original is None:
            raise _missing("the capture repeats another, which is not in the archive")
        message = read_message(original.path, original.entry, max_body_bytes=max_body_bytes)
        place = place_of(original.path, original.entry)
        check_payload(message, entry.digest, place, max_body_bytes=max_body_bytes)
        if not revisit.is_content:
            return message
        # how a payload is to be decoded, only the record that holds it can say
        coding = {name: value for name, value in message.headers.items() if name in _CODING}
        own = {name: value for name, value in revisit.headers.items() if name not in _CODING}
        return replace(message, status=revisit.status, headers=own | coding)


def _missing(why: str) -> PermanentError:
    return PermanentError(why, failure_domain=FailureDomain.TARGET)
