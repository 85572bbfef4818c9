"""Sinks of files on a real S3 server: conditional puts in place of locks, and a server that is killed."""

import json
import threading
import time

import pytest

from webdata_assets.errors import TransientError
from webdata_assets.stages.deliver import delta as delta_sink
from webdata_assets.stages.deliver import drop as drop_sink
from webdata_assets.stages.deliver import files as files_sink
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.drop import DropSink
from webdata_assets.stages.deliver.file_formats import encode
from webdata_assets.stages.deliver.files import FilesSink
from webdata_assets.stages.deliver.lance import LanceSink
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.objects import Objects
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, numbered
from webdata_assets_tests.servers.s3 import S3Place, S3Server


def opened(address):
    """Return uri and options of an address, which must be text for other processes."""
    place = json.loads(address)
    return place["uri"], place["options"]


def parquet(address: str, shape: Shape) -> Sink:
    uri, options = opened(address)
    return FilesSink(uri, shape, options=options)


def drop(address: str, shape: Shape) -> Sink:
    uri, options = opened(address)
    return DropSink(uri, shape, options=options)


def delta(address: str, shape: Shape) -> Sink:
    uri, options = opened(address)
    return DeltaSink(uri, shape, options=options)


def lance(address: str, shape: Shape) -> Sink:
    uri, options = opened(address)
    return LanceSink(uri, "items", shape, options=options)


class ObjectStoreContract(SinkContract):
    examples = 3
    kills = 1
    rows = 100

    @pytest.fixture
    def address(self, s3_server):
        return json.dumps({"uri": s3_server.uri, "options": s3_server.options})

    def snapshot(self, address):
        return [(info.key, info.etag) for info in Objects(*opened(address)).list()]


class TestParquetOnS3(ObjectStoreContract):
    make = staticmethod(parquet)

    def spoil(self, monkeypatch, address):
        monkeypatch.setattr(files_sink, "encode", lambda rows, form: encode(rows.slice(1), form))


@pytest.mark.soak
class TestDropOnS3(ObjectStoreContract):
    make = staticmethod(drop)

    def spoil(self, monkeypatch, address):
        monkeypatch.setattr(drop_sink, "encode", lambda rows, form: encode(rows.slice(1), form))


@pytest.mark.soak
class TestDeltaOnS3(ObjectStoreContract):
    make = staticmethod(delta)

    def spoil(self, monkeypatch, address):
        monkeypatch.setattr(delta_sink, "hash_of", lambda rows, shape: "0" * 64)


@pytest.mark.soak
class TestLanceOnS3(ObjectStoreContract):
    make = staticmethod(lance)

    def spoil(self, monkeypatch, address):
        commit = LanceSink._commit
        monkeypatch.setattr(
            LanceSink, "_commit", lambda sink, table, rows, todo: commit(sink, table, rows.slice(1), todo)
        )


@pytest.mark.soak
@pytest.mark.parametrize("make", [parquet, drop, delta, lance])
def test_a_server_that_is_killed_during_merges_leaves_the_old_or_the_new_state(make, tmp_path):
    server = S3Server(tmp_path / "s3")
    server.start()
    place = S3Place(server)
    address = json.dumps({"uri": place.uri, "options": place.options})
    deliver(make(address, WIDE), numbered(100), 1)
    stop, failures = threading.Event(), []

    def deliver_on():
        sequence = 1
        while not stop.is_set():
            sequence += 1
            try:
                deliver(make(address, WIDE), numbered(50 + sequence % 2 * 50), sequence)
            except TransientError as error:
                failures.append(error)

    delivering = threading.Thread(target=deliver_on)
    delivering.start()
    try:
        time.sleep(0.7)
        server.kill()
        time.sleep(1)
        server.start()
        time.sleep(1)
    finally:
        stop.set()
        delivering.join()
    try:
        assert len(make(address, WIDE).read()) in {50, 100}
        deliver(make(address, WIDE), numbered(70), 1_000_000)
        assert make(address, WIDE).read().equals(numbered(70))
    finally:
        server.stop()
