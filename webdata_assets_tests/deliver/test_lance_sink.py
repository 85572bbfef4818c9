"""The Lance sink: versions, vectors, and turns."""

import json

import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.deliver.lance import LanceSink
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets_tests.deliver.sink_contract import (
    WIDE,
    SinkContract,
    deliver,
    frame,
    numbered,
    short_story,
)

CHUNKS = Shape(
    "record_id",
    pl.Schema({"record_id": pl.String(), "vector": pl.List(pl.Float32()), "row_hash": pl.String()}),
)


def lance(address: str, shape: Shape) -> Sink:
    return LanceSink(address, "items", shape)


def versions(address):
    import lancedb

    return len(lancedb.connect(address).open_table("items").list_versions())


@pytest.mark.soak
class TestLance(SinkContract):
    make = staticmethod(lance)
    examples = 15

    @pytest.fixture
    def address(self, tmp_path):
        return str(tmp_path / "target")

    def spoil(self, monkeypatch, address):
        commit = LanceSink._commit
        monkeypatch.setattr(
            LanceSink, "_commit", lambda sink, table, rows, todo: commit(sink, table, rows.slice(1), todo)
        )

    def snapshot(self, address):
        return versions(address)


def test_rows_are_merged_and_an_older_delivery_is_refused(tmp_path):
    short_story(lance(str(tmp_path), WIDE))


def chunks(count, length):
    return frame([{"record_id": f"{n:04}", "vector": [float(n)] * length} for n in range(count)], CHUNKS)


def test_vectors_of_one_length_can_be_searched(tmp_path):
    import lancedb

    deliver(lance(str(tmp_path), CHUNKS), chunks(20, 4), 1)
    table = lancedb.connect(tmp_path).open_table("items")
    found = table.search([7.1] * 4).limit(1).to_list()
    assert found[0]["record_id"] == "0007"


def test_vectors_of_another_length_take_the_place_of_all(tmp_path):
    sink = lance(str(tmp_path), CHUNKS)
    deliver(sink, chunks(0, 4), 1)
    for sequence, length in enumerate((4, 8), 2):
        deliver(sink, chunks(20, length), sequence)
        assert sink.read().equals(chunks(20, length))


def test_a_table_that_was_edited_is_brought_back(tmp_path):
    import lancedb

    sink = lance(str(tmp_path), WIDE)
    deliver(sink, numbered(20), 1)
    lancedb.connect(tmp_path).open_table("items").update(where="count = 3", values={"title": "edited"})
    assert deliver(sink, numbered(20), 1).updated == 1
    assert sink.read().equals(numbered(20))


def test_a_delivery_is_one_version(tmp_path):
    sink = lance(str(tmp_path), WIDE)
    deliver(sink, numbered(20), 1)
    before = versions(tmp_path)
    deliver(sink, numbered(20, first=5), 2)
    assert versions(tmp_path) == before + 1


def test_a_table_with_columns_more_is_refused(tmp_path):
    deliver(lance(str(tmp_path), CHUNKS), chunks(1, 4), 1)
    with pytest.raises(PermanentError, match="delivered no more: vector; nothing was written"):
        deliver(lance(str(tmp_path), WIDE), numbered(1), 2)


def test_a_ledger_that_is_not_ours_is_refused(tmp_path):
    sink = lance(str(tmp_path), WIDE)
    deliver(sink, numbered(1), 1)
    next(tmp_path.glob("_webdata_deliveries/*.json")).write_text(json.dumps([]))
    with pytest.raises(PermanentError, match="is no ledger of deliveries"):
        deliver(sink, numbered(2), 2)
