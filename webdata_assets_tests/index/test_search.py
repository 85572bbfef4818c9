"""Hybrid search: ranking, grouping, snippets, and queries that mean no good."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.search import fuse, search, snippet
from webdata_assets_tests.embed.tiny import HIDDEN, tiny_encoder

TEXTS = {
    ("shop", 1, 0): "A red kettle boils water in two minutes.",
    ("shop", 1, 1): "The kettle has a steel body. Kettle, kettle.",
    ("shop", 2, 0): "A blue teapot made of porcelain.",
    ("blog", 3, 0): "How the central bank sets interest rates.",
    ("blog", 4, 0): "Growing tomatoes on a balcony needs sun and a kettle of water.",
}


def index_of(texts, encoder, folder):
    index = LanceIndex(folder, dimensions=encoder.dimensions)
    rows = pl.DataFrame(
        [
            {
                "chunk_id": f"{record:032x}-{ordinal:04d}",
                "record_id": f"{record:032x}",
                "source": source,
                "date": dt.date(2026, 1, record),
                "url": f"https://x.test/{record}",
                "title": None,
                "text": text,
                "text_hash": f"{record * 10 + ordinal:064x}",
                "model_id": encoder.model_id,
            }
            for (source, record, ordinal), text in texts.items()
        ]
    ).with_columns(vector_series(encoder.encode(list(texts.values()))))  # fmt: skip
    index.sync(rows.cast(CHUNK_SCHEMA))
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return index_of(TEXTS, tiny_encoder(), tmp_path_factory.mktemp("search") / "index")


def found(hits):
    return [int(hit.record_id, 16) for hit in hits]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_a_record_is_found_once_by_its_best_chunk(index, mode):
    hits = search(index, tiny_encoder(), TEXTS["shop", 1, 1], mode=mode)
    assert found(hits)[0] == 1
    assert len(set(found(hits))) == len(hits)
    assert hits[0].chunk_id.endswith("-0001")
    assert hits[0].url == "https://x.test/1"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_text_search_finds_words_in_any_form(index):
    assert found(search(index, tiny_encoder(), "TEAPOTS", mode="text")) == [2]


def test_limit_source_and_date_narrow_the_answer(index):
    encoder = tiny_encoder()
    assert len(search(index, encoder, "kettle", limit=1)) == 1
    assert found(search(index, encoder, "kettle", source="blog", mode="text")) == [4]
    assert found(search(index, encoder, "kettle", since=dt.date(2026, 1, 2), mode="text")) == [4]
    assert found(search(index, encoder, "kettle", until=dt.date(2026, 1, 3), mode="text")) == [1]
    assert search(index, encoder, "kettle", source="no'such") == []


@pytest.mark.parametrize(
    "query",
    ['"', "'", "a AND", "OR", "NOT kettle", "kettle*", "(", ")", "+x -y", "title:kettle", "^~:\\/", "\x00",
     "'; DROP TABLE chunks; --", "kettle " * 1500, "x" * 10_000, "é中😀\u2028", "%s {0}", "*", "[SEP]"],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_a_hostile_query_is_only_words(index, query, mode):
    assert len(search(index, tiny_encoder(), query, mode=mode)) <= 10


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=40).filter(str.strip))
def test_no_query_fails(index, query):
    search(index, tiny_encoder(), query)


@pytest.mark.parametrize("query", ["", " \n\t"])
def test_an_empty_query_is_refused(index, query):
    with pytest.raises(PermanentError, match="query is empty") as caught:
        search(index, tiny_encoder(), query)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_an_index_of_another_model_is_refused_but_for_its_text(index, monkeypatch):
    monkeypatch.setattr(LanceIndex, "model_id", lambda self: "other@1")
    with pytest.raises(PermanentError, match="holds vectors of other@1"):
        search(index, tiny_encoder(), "kettle")
    assert search(index, tiny_encoder(), "kettle", mode="text")


def test_an_index_that_was_never_written_has_no_answer(tmp_path):
    assert search(LanceIndex(tmp_path / "none", dimensions=HIDDEN), tiny_encoder(), "kettle") == []


def test_fusion_sums_reciprocal_ranks():
    assert fuse([["a", "b"], ["b", "c"]]) == {
        "b": pytest.approx(1 / 61 + 1 / 62), "a": pytest.approx(1 / 61), "c": pytest.approx(1 / 62)
    }  # fmt: skip
    assert list(fuse([["z"], ["a"]])) == ["a", "z"]


def test_a_snippet_shows_where_the_query_words_stand_together():
    text = "filler words here " * 40 + "the red kettle boils quickly " + "more filler words " * 40
    shown = snippet(text, "kettle boils")
    assert "red kettle boils quickly" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_a_short_text_is_its_own_snippet():
    assert snippet("short", "kettle") == "short"


@given(st.text(max_size=600), st.text(max_size=30))
def test_a_snippet_is_a_slice_of_the_text(text, query):
    shown = snippet(text, query, 100)
    assert len(shown) <= 102
    assert shown in text or shown.removeprefix("…").removesuffix("…") in text


def test_the_real_encoder_finds_by_meaning_and_by_word(encoder, tmp_path):
    index = index_of(TEXTS, encoder, tmp_path / "index")
    assert found(search(index, encoder, "monetary policy of the Fed", mode="vector"))[0] == 3
    assert found(search(index, encoder, "gardening vegetables"))[0] == 4
    assert found(search(index, encoder, "porcelain"))[0] == 2
