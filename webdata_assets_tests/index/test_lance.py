"""What only the LanceDB index does: cleaning up versions, indexes above a size, words of many scripts."""

import datetime as dt
import time
from dataclasses import replace

import lancedb
import polars as pl
import pytest

from webdata_assets.stages.index import lance
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.lance import TABLE, LanceIndex
from webdata_assets.stages.index.lance_indexes import MOST_SEGMENTS
from webdata_assets.stages.index.lance_rows import SEARCHED
from webdata_assets.stages.index.recall import recall_at_10
from webdata_assets_tests.index.many import EVERYTHING, chunks, disk_bytes, numbers


@pytest.fixture
def index(tmp_path):
    return LanceIndex(tmp_path / "index")


MARGIN = dt.timedelta(seconds=0.5)


@pytest.fixture
def tidy(tmp_path, monkeypatch):
    """An index that gives up superseded states soon."""
    monkeypatch.setattr(lance, "_MARGIN", MARGIN)
    return LanceIndex(tmp_path / "index", keep_unnamed=dt.timedelta(0))


def table_of(index):
    return lancedb.connect(index.uri).open_table(TABLE)


def indexed_columns(index):
    return {entry.columns[0]: entry.index_type for entry in table_of(index).list_indices()}


def test_the_same_chunks_again_make_no_version_and_no_bytes(index):
    index.sync(chunks(200))
    version, size = table_of(index).version, disk_bytes(index.uri)
    for _ in range(20):
        assert not index.sync(chunks(200).reverse()).changed
    assert table_of(index).version == version
    assert disk_bytes(index.uri) == size
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(200))


def test_changed_chunks_again_and_again_take_no_more_space(tidy):
    tidy.sync(chunks(200))
    of_one_state = disk_bytes(tidy.uri)
    for turn in range(20):
        tidy.sync(chunks(200, seed=turn % 2, model_id=f"tiny@{turn % 2}"))
        tidy.name(f"state-{turn}")
        tidy.forget([f"state-{turn}", f"state-{turn - 1}"])
    assert sorted(tidy.names()) == ["state-18", "state-19"]
    assert tidy.at("state-18").rows(CHUNK_SCHEMA.names()).equals(chunks(200, model_id="tiny@0"))
    tidy.forget(["state-19"])
    time.sleep(MARGIN.total_seconds())
    tidy.forget(["state-19"])
    assert disk_bytes(tidy.uri) < 2 * of_one_state


def test_all_changes_of_a_sync_are_one_commit(index, monkeypatch):
    index.sync(chunks(20))
    monkeypatch.setattr(lance, "update_indexes", lambda table, exact_below: None)
    monkeypatch.setattr(LanceIndex, "_optimize", lambda self, table: None)
    before = table_of(index).version
    result = index.sync(chunks(25).slice(5).with_columns(kind=pl.lit("product")))
    assert (result.inserted, result.updated, result.deleted) == (5, 15, 5)
    assert table_of(index).version == before + 1


def test_a_sync_that_was_killed_before_its_text_index_was_built_is_finished_by_the_next(index, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lance, "update_indexes", lambda table, exact_below: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.sync(chunks(20))
    assert index.at().count() == 20
    assert index.at().matching("number3", 5, EVERYTHING).is_empty()
    assert not index.sync(chunks(20)).changed
    assert numbers(index.at().matching("number3", 5, EVERYTHING)) == [3]


def test_rows_of_a_sync_that_was_killed_before_it_optimized_are_folded_in_by_the_next(index, monkeypatch):
    index.sync(chunks(20))
    with monkeypatch.context() as patch:
        patch.setattr(LanceIndex, "_optimize", lambda self, table: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.sync(chunks(30))
    assert not index.sync(chunks(30)).changed
    assert [entry.num_unindexed_rows for entry in table_of(index).list_indices()] == [0]


def test_cleaning_up_stops_at_the_oldest_name(tidy):
    versions = {}
    for count in (5, 6, 7, 8):
        tidy.sync(chunks(count))
        tidy.name(f"of-{count}")
        versions[count] = table_of(tidy).version
        time.sleep(MARGIN.total_seconds())
    tidy.forget(["of-6", "of-8"])
    left = {version["version"] for version in table_of(tidy).list_versions()}
    assert versions[5] not in left
    assert left >= {versions[6], versions[7], versions[8]}
    for count in (6, 8):
        assert tidy.at(f"of-{count}").rows(CHUNK_SCHEMA.names()).equals(chunks(count))


def test_states_without_a_name_go_after_their_time(tidy):
    for count in (5, 6, 7):
        tidy.sync(chunks(count))
    time.sleep(MARGIN.total_seconds())
    tidy.forget([])
    assert len(table_of(tidy).list_versions()) == 1


def test_under_the_threshold_no_vector_index_is_built(index):
    index.sync(chunks(300))
    assert indexed_columns(index) == {SEARCHED: "FTS"}
    assert recall_at_10(index.at(), 50) == 1.0


def test_above_the_threshold_an_approximate_index_finds_nearly_all(tmp_path):
    index = LanceIndex(tmp_path / "index", exact_below=1_000)
    index.sync(chunks(2_000))
    assert indexed_columns(index) == {
        SEARCHED: "FTS", "vector": "IvfHnswSq", "source": "Bitmap", "language": "Bitmap", "date": "BTree",
        "pii": "Bitmap", "injection": "Bitmap",
    }  # fmt: skip
    assert recall_at_10(index.at(), 50) >= 0.99
    assert recall_at_10(index.at(), 50, replace(EVERYTHING, languages=("de",), sources=("shop",))) >= 0.99
    index.sync(chunks(2_100).slice(50))
    assert recall_at_10(index.at(), 50) >= 0.99
    index.sync(chunks(500))
    assert indexed_columns(index) == {SEARCHED: "FTS"}


def test_a_worn_vector_index_is_built_anew(tmp_path):
    index = LanceIndex(tmp_path / "index", exact_below=300)
    segments: list[int] = []
    for turn in range(MOST_SEGMENTS + 2):
        index.sync(chunks(300 + turn))
        entries = table_of(index).list_indices()
        segments += [entry.num_segments for entry in entries if entry.columns == ["vector"]]
    assert max(segments) == MOST_SEGMENTS + 1
    assert segments[-1] < 3
    assert recall_at_10(index.at(), 50) >= 0.99


def test_an_index_of_another_layout_is_written_anew(index):
    lancedb.connect(index.uri).create_table(TABLE, chunks(3).select("chunk_id", "text").to_arrow())
    assert index.sync(chunks(5)).inserted == 5
    assert index.at().rows(CHUNK_SCHEMA.names()).equals(chunks(5))


def test_vectors_of_another_length_cannot_join_those_that_stay(index):
    index.sync(chunks(4))
    longer = chunks(4, dimensions=3).with_columns(kind=pl.lit("product"))
    with pytest.raises(ValueError, match="of length 3"):
        index.sync(longer, pending=[f"{0:032x}"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The kettles were boiling", "kettle boils"), ("Crème brûlée für alle", "creme brulee"),
        ("中文分词测试", "分词"), ("東京タワーに行く", "タワー"), ("ภาษาไทยง่ายนิดเดียว", "ภาษา"),
        ("set data_asset_name to 3", "asset"), ("Python 3 and C", "3"), ("Python 3 and C", "c"),
    ],
)  # fmt: skip
def test_words_are_found_in_any_form_and_script(index, text, words):
    texts = pl.Series(["teapot", "teapot", text, "teapot"])
    index.sync(chunks(4).with_columns(text=texts, context=pl.lit(None, pl.String)))
    assert numbers(index.at().matching(words, 1, EVERYTHING)) == [2]
