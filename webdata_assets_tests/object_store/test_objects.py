"""Objects: conditional puts, listings and clear errors, on a real S3 server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.objects import Objects
from webdata_assets_tests.servers.s3 import S3Place

RACERS = 8
KEYS = 4


@pytest.fixture
def objects(s3_server: S3Place) -> Objects:
    return Objects(s3_server.uri, s3_server.options)


def test_what_is_put_is_what_is_got(objects: Objects) -> None:
    objects.put("a/b", b"one")
    objects.put("a/b", b"two")
    assert objects.get("a/b") == b"two"
    assert objects.get_range("a/b", 1, 2) == b"wo"
    assert objects.size("a/b") == 3
    assert objects.get("a") is objects.size("a") is None


def test_a_listing_takes_whole_segments_of_the_prefix(objects: Objects) -> None:
    for key in ("a/2", "a/1", "ab/1", "c"):
        objects.put(key, b"x")
    assert [info.key for info in objects.list("a")] == ["a/1", "a/2"]
    assert [info.key for info in objects.list()] == ["a/1", "a/2", "ab/1", "c"]


def test_deleting_what_is_not_there_hides_nothing_that_is(objects: Objects) -> None:
    objects.put("a", b"x")
    objects.delete(["missing", "a", "gone"])
    assert list(objects.list()) == []


def test_one_of_racing_writers_of_a_new_object_wins(objects: Objects) -> None:
    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(KEYS):
            key = str(number)
            won = list(
                pool.map(lambda racer, key=key: objects.put_if_absent(key, b"%d" % racer), range(RACERS))
            )
            assert won.count(True) == 1
            assert objects.get(key) == b"%d" % won.index(True)


def test_no_increment_of_racing_writers_is_lost(objects: Objects) -> None:
    objects.put("counter", b"0")

    def increment(_: int) -> None:
        while True:
            found = objects.get_with_etag("counter")
            assert found is not None
            value, etag = found
            if objects.replace("counter", b"%d" % (int(value) + 1), etag):
                return

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(increment, range(2 * RACERS)))
    assert objects.get("counter") == b"%d" % (2 * RACERS)


def test_what_was_replaced_meanwhile_or_removed_is_not_replaced(objects: Objects) -> None:
    objects.put("a", b"1")
    found = objects.get_with_etag("a")
    assert found is not None
    objects.put("a", b"2")
    assert not objects.replace("a", b"3", found[1])
    objects.delete(["a"])
    assert not objects.replace("a", b"3", found[1])
    assert objects.get("a") is None


def test_refused_credentials_name_where_to_set_them(s3_server: S3Place) -> None:
    wrong = {**s3_server.options, "AWS_SECRET_ACCESS_KEY": "wrong"}
    with pytest.raises(PermanentError, match="AWS_ACCESS_KEY_ID") as caught:
        Objects(s3_server.uri, wrong).put("a", b"")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert "wrong" not in str(caught.value)


class NoBucket(BaseHTTPRequestHandler):
    """Answers as Amazon does for a bucket that was never made."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<Error><Code>NoSuchBucket</Code></Error>"
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def test_a_bucket_that_is_not_there_is_told(s3_server: S3Place) -> None:
    with HTTPServer(("127.0.0.1", 0), NoBucket) as server:
        threading.Thread(target=server.handle_request).start()
        options = {**s3_server.options, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        with pytest.raises(PermanentError, match="no such bucket") as caught:
            Objects("s3://missing/a", options).put("a", b"")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_an_address_of_no_object_store_is_told() -> None:
    with pytest.raises(PermanentError, match="s3://bucket/prefix") as caught:
        Objects("nonsense://bucket").get("a")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
