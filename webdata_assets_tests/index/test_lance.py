"""The LanceDB index: what it holds after each sync, and what it finds."""

import datetime as dt

import lancedb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.embed import vector_matrix, vector_series
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA, indexable_chunks
from webdata_assets.stages.index.filters import chunk_filter, equals_any
from webdata_assets.stages.index.lance import TABLE, LanceIndex, SyncResult

DIMENSIONS = 16
DAY = dt.date(2026, 1, 2)


def chunks(count, *, seed=0, model_id="tiny@1"):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = list(range(count))
    return pl.DataFrame(
        {
            "chunk_id": [f"{n:032x}-0000" for n in numbers],
            "record_id": [f"{n:032x}" for n in numbers],
            "source": [("shop", "blog")[n % 2] for n in numbers],
            "date": [DAY + dt.timedelta(days=n % 3) for n in numbers],
            "url": [f"https://x.test/{n}" for n in numbers],
            "title": [None if n % 5 == 0 else f"Title {n}" for n in numbers],
            "text": [f"kettle number{n} boils" for n in numbers],
            "text_hash": [f"{n:064x}" for n in numbers],
            "model_id": [model_id] * count,
        }
    ).with_columns(vector_series(vectors)).cast(CHUNK_SCHEMA)  # fmt: skip


@pytest.fixture
def index(tmp_path):
    return LanceIndex(tmp_path / "index", dimensions=DIMENSIONS)


def version(index):
    return lancedb.connect(index.uri).open_table(TABLE).version


def test_the_first_sync_inserts_everything(index):
    assert index.sync(chunks(20)) == SyncResult(inserted=20, updated=0, deleted=0)
    assert index.count() == 20
    assert index.ids().to_list() == chunks(20)["chunk_id"].to_list()
    assert index.model_id() == "tiny@1"


def test_the_same_sync_again_makes_no_version(index):
    index.sync(chunks(20))
    before = version(index)
    assert index.sync(chunks(20).reverse()) == SyncResult(0, 0, 0)
    assert version(index) == before


def test_one_commit_inserts_updates_and_deletes(index):
    index.sync(chunks(20))
    changed = pl.when(pl.col("chunk_id") == f"{3:032x}-0000")
    wanted = chunks(25).slice(2).with_columns(
        text=changed.then(pl.lit("teapot")).otherwise("text"),
        text_hash=changed.then(pl.lit("f" * 64)).otherwise("text_hash"),
    )  # fmt: skip
    assert index.sync(wanted) == SyncResult(inserted=5, updated=1, deleted=2)
    assert index.ids().to_list() == wanted["chunk_id"].to_list()
    assert index.matching("teapot", 5)["chunk_id"].to_list() == [f"{3:032x}-0000"]
    assert index.matching("number3", 5).is_empty()
    assert index.matching("number24", 5)["chunk_id"].to_list() == [f"{24:032x}-0000"]


def test_another_model_updates_every_vector(index):
    index.sync(chunks(6))
    assert index.sync(chunks(6, seed=1, model_id="tiny@2")).updated == 6
    assert index.model_id() == "tiny@2"
    wanted = vector_matrix(chunks(6, seed=1)["vector"])
    assert index.nearest(wanted[4], 1)["record_id"].to_list() == [f"{4:032x}"]


def test_a_moved_chunk_is_updated_though_its_text_is_the_same(index):
    index.sync(chunks(4))
    assert index.sync(chunks(4).with_columns(url=pl.lit("https://x.test/new"))).updated == 4


def test_a_sync_of_nothing_empties_the_index(index):
    index.sync(chunks(4))
    assert index.sync(chunks(0)) == SyncResult(0, 0, 4)
    assert index.count() == 0
    assert index.matching("kettle", 5).is_empty()
    assert index.recall_at_10(5) == 1.0


def test_an_index_that_was_never_written_is_empty(index):
    assert index.count() == 0
    assert index.ids().is_empty()
    assert index.model_id() is None
    assert index.nearest(np.ones(DIMENSIONS, dtype=np.float32), 3).is_empty()
    assert index.matching("kettle", 3).is_empty()


def test_a_sync_that_was_killed_before_its_text_index_was_built_is_finished_by_the_next(index, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LanceIndex, "_refresh", lambda self, table: None)
        index.sync(chunks(20))
    assert index.matching("number3", 5).is_empty()
    assert index.sync(chunks(20)) == SyncResult(0, 0, 0)
    assert len(index.matching("number3", 5)) == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: pl.concat([rows, rows]), "occurs twice"),
        (lambda rows: pl.concat([rows, chunks(9, model_id="b").slice(5)]), "several models"),
        (lambda rows: rows.with_columns(pl.col("vector").list.head(3)), "not of length 16"),
    ],
)
def test_chunks_that_cannot_stand_in_one_index_are_refused(index, spoil, message):
    with pytest.raises(ValueError, match=message):
        index.sync(spoil(chunks(5)))
    assert index.count() == 0


def test_under_the_threshold_vector_search_is_exact(index):
    index.sync(chunks(300))
    vectors = vector_matrix(chunks(300)["vector"])
    for query in (0, 150, 299):
        wanted = np.argsort(-(vectors @ vectors[query]))[:10]
        assert index.nearest(vectors[query], 10)["record_id"].to_list() == [f"{n:032x}" for n in wanted]
    assert index.recall_at_10(50) == 1.0


def test_above_the_threshold_an_approximate_index_finds_nearly_all(tmp_path):
    index = LanceIndex(tmp_path / "index", dimensions=DIMENSIONS, exact_below=1_000)
    index.sync(chunks(2_000))
    table = lancedb.connect(index.uri).open_table(TABLE)
    assert {entry.index_type for entry in table.list_indices()} == {"FTS", "IvfHnswSq"}
    assert index.recall_at_10(50) >= 0.99
    index.sync(chunks(500))
    table = lancedb.connect(index.uri).open_table(TABLE)
    assert {entry.index_type for entry in table.list_indices()} == {"FTS"}


def test_filters_hold_before_the_search(index):
    index.sync(chunks(300))
    vector = vector_matrix(chunks(300)["vector"])[0]
    where = chunk_filter(source="blog", since=DAY + dt.timedelta(days=1), until=DAY + dt.timedelta(days=1))
    for found in (index.nearest(vector, 20, where), index.matching("kettle", 20, where)):
        assert len(found) == 20
        assert set(found["source"]) == {"blog"}
        assert set(found["date"]) == {DAY + dt.timedelta(days=1)}


def test_no_filter_is_none():
    assert chunk_filter() is None


@pytest.mark.parametrize("source", ["it's", "' OR 1=1 --", "a\\'b", "", "x'; DROP TABLE chunks", "é\u2028"])
def test_a_hostile_source_name_is_only_a_name(index, source):
    named = chunks(4).with_columns(
        source=pl.when(pl.col("record_id") == f"{1:032x}").then(pl.lit(source)).otherwise("source")
    )
    index.sync(named)
    found = index.matching("kettle", 10, chunk_filter(source=source))
    assert found["record_id"].to_list() == [f"{1:032x}"]


@given(st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_a_condition_holds_its_values_between_balanced_quotes(values):
    condition = equals_any("source", values)
    assert condition.count("'") % 2 == 0
    assert condition.replace("''", "").count("'") <= 2 * len(values)


def test_only_live_canonical_records_that_may_be_retrieved_are_indexed_in_their_current_version():
    def corpus_row(number, date=DAY, state="live", duplicate_of=None, pii=None, injection_flags=None):
        return {
            "record_id": f"{number:032x}", "source": "shop", "date": date, "state": state,
            "duplicate_of": duplicate_of, "url": f"https://x.test/{number}", "title": None,
            "pii": pii, "injection_flags": injection_flags,
        }  # fmt: skip

    later = DAY + dt.timedelta(days=1)
    rows = [corpus_row(1), corpus_row(2, state="gone"), corpus_row(3, duplicate_of="0" * 32)]
    rows += [corpus_row(4, date=later), corpus_row(5, pii='{"email":1}')]
    rows += [corpus_row(6, injection_flags=["ignore_previous"]), corpus_row(7, pii="{}", injection_flags=[])]
    corpus = pl.DataFrame(rows, schema={name: TABLES["corpus"].polars_schema[name] for name in rows[0]})
    embeddings = pl.DataFrame(
        [
            {
                "date": date, "source": "shop", "chunk_id": f"{number:032x}-0000",
                "record_id": f"{number:032x}", "ordinal": 0, "start": 0, "end": 1, "tokens": 3, "text": "x",
                "text_hash": "0" * 64, "model_id": "tiny@1", "vector": [1.0],
            }
            for number, date in [*((number, DAY) for number in range(1, 9)), (4, later)]
        ],
        schema=TABLES["embeddings"].polars_schema,
    )  # fmt: skip
    wanted = indexable_chunks(corpus, embeddings)
    assert wanted.schema == CHUNK_SCHEMA
    assert wanted.select("record_id", "date").rows() == [
        (f"{1:032x}", DAY), (f"{4:032x}", later), (f"{7:032x}", DAY),
    ]  # fmt: skip
    allowed = indexable_chunks(corpus, embeddings, pii_allowed=["shop"], injection_allowed=["blog"])
    assert set(allowed["record_id"]) - set(wanted["record_id"]) == {f"{5:032x}"}
    allowed = indexable_chunks(corpus, embeddings, pii_allowed=["blog"], injection_allowed=["shop"])
    assert set(allowed["record_id"]) - set(wanted["record_id"]) == {f"{6:032x}"}
