"""Flagged records stay out of retrieval, whatever the index was told."""

import polars as pl
import pytest

from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.lance_snapshot import LanceSnapshot
from webdata_assets.store import Store
from webdata_assets_tests.checks.judge import judge, numbers, source
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import put

PERSONAL = pl.when(pl.col("record_id") == f"{0:032x}").then(pl.lit('{"email": 1}')).otherwise(pl.lit("{}"))
ADDRESSED = pl.when(pl.col("record_id") == f"{1:032x}").then(pl.lit(["ignore_previous"])).otherwise(
    pl.lit([], pl.List(pl.String)))  # fmt: skip


def put_indexed(store: Store, texts: str = "x", **flags: bool) -> pl.DataFrame:
    """Index ten records of two chunks; the first has personal data, the second addresses a language model."""
    corpus = samples.corpus(10, pii=PERSONAL, injection_flags=ADDRESSED)
    embeddings = samples.embeddings(10).with_columns(text=pl.lit(texts))
    chunks = indexable_chunks(corpus, embeddings).with_columns(**{k: pl.lit(v) for k, v in flags.items()})
    put(store, "corpus", corpus, None)
    put(store, "vector_index", LanceIndex(store.location.index()).sync(chunks).manifest, None)
    return chunks


def judged(store: Store, **clean: str):
    declared = source(clean=clean) if clean else source()
    return judge(store, "vector_index", "flagged_chunks", partition=None, declared=declared)


def test_chunks_that_are_flagged_as_the_corpus_says_pass(store: Store):
    put_indexed(store)
    finding = judged(store)
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"out_of_reach": 4, "of_flagged_records": 4}


@pytest.mark.parametrize(
    ("forgotten", "count"), [(["pii"], 2), (["injection"], 2), (["pii", "injection"], 4)]
)
def test_chunks_without_their_flag_are_counted(store: Store, forgotten: list[str], count: int):
    put_indexed(store, **dict.fromkeys(forgotten, False))
    finding = judged(store)
    assert numbers(finding) == (False, count, 0)
    assert (finding.detail or "").startswith(
        f"{count} chunks not flagged, 0 found though they are, such as 0000"
    )


def test_a_source_that_keeps_such_records_has_allowed_them(store: Store):
    put_indexed(store, pii=False, injection=False)
    assert judged(store, pii="keep", injection="keep").passed
    assert judged(store, pii="keep").value == 2


def test_of_a_source_that_redacts_only_what_is_left_counts(store: Store):
    put_indexed(store, pii=False)
    assert judged(store, pii="redact").passed
    put_indexed(store, texts="write to jane.doe@example.com today", pii=False)
    assert judged(store, pii="redact").value == 2


def test_a_search_that_ignores_its_filter_is_noticed(store: Store, monkeypatch: pytest.MonkeyPatch):
    put_indexed(store)
    nearest = LanceSnapshot.nearest

    def leaking(self, vector, limit, where):
        return nearest(self, vector, limit, type(where)(pii=True, injection=True))

    monkeypatch.setattr(LanceSnapshot, "nearest", leaking)
    finding = judged(store)
    assert numbers(finding) == (False, 4, 0)
    assert "4 found though they are" in (finding.detail or "")


def test_chunks_of_another_version_were_judged_with_it(store: Store):
    put_indexed(store, pii=False, injection=False)
    later = samples.corpus(10, pii=PERSONAL, injection_flags=ADDRESSED).with_columns(
        date=pl.col("date") + pl.duration(days=1)
    )
    put(store, "corpus", later, None)
    assert judged(store).passed
