"""The dlt sink on the destinations that run here: DuckDB, and Delta tables in a folder."""

from dataclasses import replace

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.dlt import DltSink
from webdata_assets.stages.deliver.dlt_destinations import DESTINATIONS, WITHOUT_UPSERT
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, numbered, short_story

pytest.importorskip("dlt", reason="needs the extra dlt")


def duckdb(address: str, shape: Shape) -> Sink:
    return DltSink(
        "duckdb", "shop", "items", shape, pipelines=f"{address}/p", credentials=f"{address}/x.duckdb"
    )


def filesystem(address: str, shape: Shape) -> Sink:
    return DltSink(
        "filesystem", "shop", "items", shape, pipelines=f"{address}/p", credentials=f"{address}/files"
    )


class DltContract(SinkContract):
    examples = 4
    kills = 1
    # dlt's loads are no single transaction, and one process writes a DuckDB file
    atomic = False

    @pytest.fixture
    def address(self, tmp_path):
        (tmp_path / "target").mkdir()
        return str(tmp_path / "target")

    def spoil(self, monkeypatch, address):
        load, loads = DltSink._load, []

        def lossy(sink, pipeline, todo, entry):
            # what is loaded back arrives
            loads.append(todo)
            lost = replace(todo, inserted=todo.inserted.slice(1)) if len(loads) == 1 else todo
            load(sink, pipeline, lost, entry)

        monkeypatch.setattr(DltSink, "_load", lossy)


@pytest.mark.soak
class TestDltDuckDB(DltContract):
    make = staticmethod(duckdb)


@pytest.mark.soak
class TestDltFilesystem(DltContract):
    make = staticmethod(filesystem)


@pytest.mark.parametrize("make", [duckdb, filesystem])
def test_rows_are_merged_and_an_older_delivery_is_refused(make, tmp_path):
    short_story(make(str(tmp_path), WIDE))


def test_each_destination_is_labelled_by_what_these_tests_run():
    tested = {name for name, label in DESTINATIONS.items() if label == "tested"}
    assert tested == {"duckdb", "filesystem"}


def test_dlt_merges_into_each_destination_in_the_way_that_is_asked_of_it():
    import dlt

    for name in DESTINATIONS:
        known = getattr(dlt.destinations, name)()._raw_capabilities().supported_merge_strategies
        assert ("delete-insert" if name in WITHOUT_UPSERT else "upsert") in known, name


def test_a_destination_that_cannot_merge_is_refused(tmp_path):
    with pytest.raises(PermanentError, match="dlt cannot merge into dummy") as caught:
        DltSink("dummy", "shop", "items", WIDE, pipelines=tmp_path)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_lost_pipelines_folder_is_made_again_from_the_destination(tmp_path):
    address = str(tmp_path)
    deliver(duckdb(address, WIDE), numbered(20), 5)
    (tmp_path / "p").rename(tmp_path / "lost")
    result = deliver(duckdb(address, WIDE), numbered(21), 6)
    assert (result.inserted, result.updated, result.deleted) == (1, 0, 0)
