"""The Delta sink: commits that name their delivery."""

from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver import delta as delta_sink
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.sink import Delivery, MismatchError, Shape, Sink
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, files, numbered


def delta(address: str, shape: Shape) -> Sink:
    return DeltaSink(address, shape)


class TestDelta(SinkContract):
    make = staticmethod(delta)

    @pytest.fixture
    def address(self, tmp_path):
        return str(tmp_path / "target")

    def spoil(self, monkeypatch, address):
        commit = DeltaSink._commit

        def lossy(sink, table, todo, properties):
            commit(sink, table, todo, properties)
            table.delete("count = 7")

        monkeypatch.setattr(DeltaSink, "_commit", lossy)

    def snapshot(self, address):
        return list(files(Path(address)))


def test_a_merge_is_one_commit_that_names_the_run(tmp_path):
    sink = DeltaSink(tmp_path, WIDE)
    deliver(sink, numbered(20), 1, run_id="r1")
    before = DeltaTable(tmp_path).version()
    deliver(sink, numbered(20, first=5), 2, run_id="r2")
    table = DeltaTable(tmp_path)
    assert table.version() == before + 1
    commit = table.history(1)[0]
    assert (commit["run_id"], commit["sequence"]) == ("r2", "2")
    assert commit["content_hash"] == hash_of(numbered(20, first=5), WIDE)


def test_a_table_that_was_edited_is_brought_back(tmp_path):
    sink = DeltaSink(tmp_path, WIDE)
    deliver(sink, numbered(20), 1)
    DeltaTable(tmp_path).update(updates={"title": "'edited'"}, predicate="count = 3")
    result = deliver(sink, numbered(20), 1)
    assert result.updated == 1
    assert sink.read().equals(numbered(20))


def test_a_table_of_before_sequences_takes_any(tmp_path):
    numbered(20).write_delta(tmp_path)
    result = deliver(DeltaSink(tmp_path, WIDE), numbered(25), 0)
    assert (result.inserted, result.updated, result.deleted) == (5, 0, 0)


def test_a_table_with_a_column_more_is_refused(tmp_path):
    numbered(3).with_columns(more=pl.lit(1)).write_delta(tmp_path)
    with pytest.raises(PermanentError, match="delivered no more: more; nothing was written"):
        deliver(DeltaSink(tmp_path, WIDE), numbered(3), 1)


def test_after_a_mismatch_the_delivery_before_is_the_newest_again(tmp_path, monkeypatch):
    sink = DeltaSink(tmp_path, WIDE)
    deliver(sink, numbered(20), 3)
    monkeypatch.setattr(delta_sink, "hash_of", lambda rows, shape: "0" * 64)
    with pytest.raises(MismatchError):
        sink.merge(numbered(21), Delivery(5, "r", "1" * 64))
    monkeypatch.undo()
    deliver(sink, numbered(22), 4)
    assert sink.read().equals(numbered(22))


def test_a_folder_that_cannot_be_made_is_an_error_of_the_sink(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransientError, match="cannot be written") as caught:
        deliver(DeltaSink(tmp_path / "file" / "target", WIDE), numbered(1), 1)
    assert caught.value.failure_domain is FailureDomain.SINK
