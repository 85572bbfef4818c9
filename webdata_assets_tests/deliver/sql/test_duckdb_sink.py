"""DuckDB in a real file, which processes take in turns."""

import subprocess
import sys
from pathlib import Path
from threading import Timer

import duckdb
import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.deliver.sql.duckdb import DuckDBSink, _DuckDBSession
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, files, frame, numbered
from webdata_assets_tests.deliver.sql.columns import SqlContract, spoil_after


def duckdb_sink(address: str, shape: Shape) -> Sink:
    path, _, table = address.partition("#")
    return DuckDBSink(path, table, shape)


class TestDuckDB(SqlContract, SinkContract):
    make = staticmethod(duckdb_sink)
    examples = 5
    rows = 200

    @pytest.fixture
    def address(self, tmp_path):
        return f"{tmp_path / 'folder' / 'warehouse.duckdb'}#records"

    def spoil(self, monkeypatch, address):
        spoil_after(monkeypatch, _DuckDBSession)

    def snapshot(self, address):
        return list(files(Path(address).parent))

    def execute(self, address, statement):
        with duckdb.connect(address.partition("#")[0]) as connection:
            return connection.execute(statement).fetchall()


HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_stays_open_elsewhere_is_a_typed_error(tmp_path):
    path = tmp_path / "held.duckdb"
    deliver(DuckDBSink(path, "records", WIDE), numbered(3), 1)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "open\n"
    waiting = DuckDBSink(path, "records", WIDE, wait_seconds=0.2)
    for attempt in (waiting.read, lambda: deliver(waiting, numbered(5), 2)):
        with pytest.raises(TransientError, match=r"open elsewhere for 0\.2 s") as caught:
            attempt()
        assert caught.value.failure_domain is FailureDomain.SINK
    holder.communicate("")
    assert waiting.read().equals(numbered(3))


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path):
    made, path = tmp_path / "made.duckdb", tmp_path / "a.duckdb"
    deliver(DuckDBSink(made, "records", WIDE), numbered(3), 1)
    path.touch()
    Timer(0.3, made.replace, [path]).start()
    assert DuckDBSink(path, "records", WIDE).read().equals(numbered(3))


def test_a_file_whose_maker_was_killed_needs_a_person(tmp_path):
    path = tmp_path / "a.duckdb"
    path.touch()
    with pytest.raises(PermanentError, match="cannot be opened"):
        deliver(DuckDBSink(path, "records", WIDE, wait_seconds=0.1), numbered(3), 1)


def test_lists_keep_nulls_and_emptiness(tmp_path):
    shape = Shape(
        "record_id",
        pl.Schema({"record_id": pl.String(), "embedding": pl.List(pl.Float32()), "row_hash": pl.String()}),
    )
    rows = frame(
        [
            {"record_id": "a", "embedding": [0.1, 1e-45, None]},
            {"record_id": "b", "embedding": []},
            {"record_id": "c", "embedding": None},
        ],
        shape,
    )
    sink = DuckDBSink(tmp_path / "a.duckdb", "vectors", shape)
    deliver(sink, rows, 1)
    assert sink.read().equals(rows)


def test_two_tables_share_a_file_and_a_ledger(tmp_path):
    first, second = (DuckDBSink(tmp_path / "a.duckdb", name, WIDE) for name in ("first", "second"))
    deliver(first, numbered(3), 9)
    deliver(second, numbered(4), 2)
    assert first.read().equals(numbered(3))
    assert second.read().equals(numbered(4))


def test_a_file_that_is_no_database_needs_a_person(tmp_path):
    (tmp_path / "a.duckdb").write_text("this is a text" * 1000)
    with pytest.raises(PermanentError, match="cannot be opened"):
        deliver(DuckDBSink(tmp_path / "a.duckdb", "records", WIDE), numbered(3), 1)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PermanentError, match="cannot be opened"):
        deliver(DuckDBSink(tmp_path / "file" / "a.duckdb", "records", WIDE), numbered(3), 1)
