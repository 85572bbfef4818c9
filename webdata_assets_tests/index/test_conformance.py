"""What every index engine does, whichever it is."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.embed import vector_matrix
from webdata_assets.stages.index.chunk_rows import ANSWER_COLUMNS, CHUNK_SCHEMA
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets_tests.index.many import (
    DAY,
    DIMENSIONS,
    EVERYTHING,
    chunk_id,
    chunks,
    numbers,
)


def test_a_folder_and_a_server_are_told_apart_by_the_address(tmp_path):
    assert isinstance(open_index(str(tmp_path)), LanceIndex)
    assert not isinstance(open_index("postgresql://user@host:5432/database?application_name=a@b"), LanceIndex)


@pytest.mark.parametrize(
    "address",
    [
        "user:secret@host/db",
        "user:sec/ret@host/db",
        "user:sec?ret@host/db",
        "host/db?password=secret",
        "/db?user=a&sslpassword=secret",
    ],
)
def test_an_address_with_a_password_is_refused_without_repeating_it(address):
    with pytest.raises(PermanentError, match="PGPASSWORD") as caught:
        open_index(f"postgresql://{address}")
    assert "sec" not in str(caught.value)


def test_an_index_that_was_never_written_is_empty(index):
    snapshot = index.at()
    assert snapshot.count() == 0
    assert snapshot.ids().is_empty()
    assert snapshot.model_id() is None
    assert snapshot.rows(["chunk_id", "text", "vector"]).schema == {
        name: CHUNK_SCHEMA[name] for name in ("chunk_id", "text", "vector")
    }
    for found in (
        snapshot.nearest(np.ones(DIMENSIONS, np.float32), 3, EVERYTHING),
        snapshot.matching("kettle", 3, EVERYTHING),
    ):
        assert found.is_empty()
        assert found.columns == list(ANSWER_COLUMNS)
    assert index.names() == []
    index.forget([])


def test_what_was_written_is_read_back_exactly(index):
    result = index.sync(chunks(23))
    assert (result.inserted, result.updated, result.deleted) == (23, 0, 0)
    snapshot = index.at()
    assert snapshot.count() == 23
    assert snapshot.model_id() == "tiny@1"
    assert snapshot.ids().to_list() == chunks(23)["chunk_id"].to_list()
    assert snapshot.rows(CHUNK_SCHEMA.names()).equals(chunks(23))
    assert snapshot.rows(["text"]).equals(chunks(23).select("text"))


def test_the_manifest_lists_what_the_index_holds(index):
    index.sync(chunks(9))
    manifest = index.sync(chunks(12).slice(2)).manifest
    assert manifest.schema == TABLES["vector_index"].polars_schema
    shown = manifest.drop("row_hash")
    assert shown.equals(index.at().rows(shown.columns))


def test_the_manifest_changes_with_whatever_is_shown_of_a_chunk(index):
    before = index.sync(chunks(9)).manifest
    for change in ({"title": pl.lit("Other")}, {"pii": pl.lit(True)}, {"url": pl.lit("https://x.test/new")}):
        assert not index.sync(chunks(9).with_columns(**change)).manifest.equals(before)
    assert index.sync(chunks(9)).manifest.equals(before)


def test_the_same_chunks_again_change_nothing(index):
    index.sync(chunks(20))
    assert not index.sync(chunks(20).reverse()).changed


def test_one_sync_inserts_updates_and_deletes(index):
    index.sync(chunks(20))
    third = pl.col("chunk_id") == chunk_id(3)
    wanted = chunks(25).slice(2).with_columns(
        text=pl.when(third).then(pl.lit("teapot")).otherwise("text"),
        text_hash=pl.when(third).then(pl.lit("f" * 64)).otherwise("text_hash"),
    )  # fmt: skip
    result = index.sync(wanted)
    assert (result.inserted, result.updated, result.deleted) == (5, 1, 2)
    snapshot = index.at()
    assert snapshot.rows(CHUNK_SCHEMA.names()).equals(wanted)
    assert numbers(snapshot.matching("teapot", 5, EVERYTHING)) == [3]
    assert snapshot.matching("number3", 5, EVERYTHING).is_empty()
    assert numbers(snapshot.matching("number24", 5, EVERYTHING)) == [24]


@pytest.mark.parametrize("dimensions", [DIMENSIONS, 8])
def test_another_model_takes_the_place_of_every_vector(index, dimensions):
    index.sync(chunks(6))
    index.name("before")
    other = chunks(6, seed=1, model_id="tiny@2", dimensions=dimensions)
    assert index.sync(other).updated == 6
    assert index.at().model_id() == "tiny@2"
    assert numbers(index.at().nearest(vector_matrix(other["vector"])[4], 1, EVERYTHING)) == [4]
    assert index.at("before").rows(CHUNK_SCHEMA.names()).equals(chunks(6))


@pytest.mark.parametrize(
    "change",
    [
        {"url": pl.lit("https://x.test/new")}, {"title": pl.lit("Other")}, {"pii": ~pl.col("pii")},
        {"language": pl.lit("fr")}, {"heading_path": pl.lit(["New"], pl.List(pl.String))},
        {"published_at": pl.lit(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), CHUNK_SCHEMA["published_at"])},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_chunk_whose_record_changed_is_updated_though_its_text_is_the_same(index, change):
    index.sync(chunks(4))
    wanted = chunks(4).with_columns(**change)
    assert index.sync(wanted).updated == 4
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(wanted)


def test_a_sync_of_nothing_empties_the_index(index):
    index.sync(chunks(4))
    assert index.sync(chunks(0)).deleted == 4
    snapshot = index.at()
    assert snapshot.count() == 0
    assert snapshot.model_id() is None
    assert snapshot.matching("kettle", 5, EVERYTHING).is_empty()
    assert snapshot.nearest(np.ones(DIMENSIONS, np.float32), 5, EVERYTHING).is_empty()


def test_an_empty_state_can_be_named_and_read(index):
    index.sync(chunks(0))
    index.name("empty")
    index.sync(chunks(3))
    assert index.at("empty").count() == 0
    assert index.at("empty").matching("kettle", 5, EVERYTHING).is_empty()
    assert index.at().count() == 3


def test_a_named_state_stays_while_others_are_written(index):
    index.sync(chunks(10))
    index.name("first")
    held, opened = index.at("first"), index.at()
    index.sync(chunks(12, seed=1, model_id="tiny@2").slice(4))
    index.name("second")
    for snapshot in (held, opened, index.at("first")):
        assert snapshot.rows(CHUNK_SCHEMA.names()).equals(chunks(10))
        assert numbers(snapshot.matching("number2", 3, EVERYTHING)) == [2]
    assert index.at("second").count() == index.at().count() == 8


def test_a_name_that_is_taken_stays_where_it_is(index):
    index.sync(chunks(3))
    index.name("first")
    index.sync(chunks(5))
    index.name("first")
    assert index.at("first").count() == 3


def test_forgotten_names_are_gone_and_the_others_stay(index):
    for count in (3, 4, 5):
        index.sync(chunks(count))
        index.name(f"of-{count}")
    index.forget(["of-4", "never-given"])
    assert index.names() == ["of-4"]
    assert index.at("of-4").rows(CHUNK_SCHEMA.names()).equals(chunks(4))
    assert index.at().count() == 5
    with pytest.raises(PermanentError, match="of-3"):
        index.at("of-3")


def test_a_snapshot_just_superseded_is_read_to_its_end(index):
    index.sync(chunks(5))
    snapshot = index.at()
    for count in (6, 7):
        index.sync(chunks(count))
        index.forget([])
    assert snapshot.rows(CHUNK_SCHEMA.names()).equals(chunks(5))


def test_a_partition_that_was_not_refreshed_keeps_its_chunks(index):
    index.sync(chunks(12))
    refreshed = pl.DataFrame({"date": [DAY], "source": ["shop"]})
    result = index.sync(chunks(0), refreshed)
    gone = chunks(12).filter(date=DAY, source="shop")
    assert (result.inserted, result.updated, result.deleted) == (0, 0, gone.height)
    assert index.at().ids().to_list() == sorted(set(chunks(12)["chunk_id"]) - set(gone["chunk_id"]))


def test_a_record_whose_chunks_are_not_known_yet_keeps_what_it_has(index):
    index.sync(chunks(4))
    result = index.sync(chunks(1), pending=[f"{2:032x}"])
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(4)[[0, 2]])
    assert result.manifest["chunk_id"].to_list() == [chunk_id(0), chunk_id(2)]


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda rows: pl.concat([rows, rows]), ValueError, "occurs twice"),
        (lambda rows: pl.concat([rows, chunks(9, model_id="b").slice(5)]), PermanentError, "several models"),
        (lambda rows: pl.concat([rows, chunks(9, dimensions=3).slice(5)]), ValueError, "different lengths"),
    ],
)
def test_chunks_that_cannot_stand_in_one_index_change_nothing(index, spoil, error, message):
    index.sync(chunks(2))
    with pytest.raises(error, match=message):
        index.sync(spoil(chunks(5)))
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(2))
