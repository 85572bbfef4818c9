"""Shingles and bands: the same on every machine, in any company, and as likely shared as the formula says."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.dedup import shingles as shingles_module
from webdata_assets.stages.dedup.fingerprint import LAYOUT, METHOD
from webdata_assets.stages.dedup.jaccard import jaccard
from webdata_assets.stages.dedup.minhash import Layout, fingerprints
from webdata_assets.stages.dedup.shingles import shingles
from webdata_assets_tests.dedup.texts import edited, similarity, text

WORDS = st.lists(st.sampled_from(["a", "b", "Über", "猫", "x" * 400, "don't"]), max_size=12)
TEXTS = st.lists(st.none() | WORDS.map(" ".join), max_size=6)


def test_the_method_says_what_is_compared():
    assert METHOD == "5 words/18 bands × 6 rows/2"


def test_fingerprints_are_the_same_everywhere():
    found = fingerprints(pl.Series(["The quick brown fox jumps over the lazy dog"]), LAYOUT)
    assert found.text_hashes == ["55eb56433fa4d451f1e67ca0f645c8ca"]
    assert found.bands[0, :3].tolist() == [700415481, 436734974, 1956588229]


@pytest.mark.parametrize(
    ("wished", "layout"),
    [(0.5, (36, 3)), (0.7, (27, 4)), (0.8, (18, 6)), (0.9, (12, 9)), (1.0, (9, 12))],
)
def test_the_layout_has_the_longest_bands_that_find_what_is_wished(wished, layout):
    found = Layout.for_similarity(wished)
    assert (found.bands, found.rows) == layout
    assert found.recall(wished) >= 0.99


def test_bands_are_shared_as_often_as_the_formula_says():
    pairs = [(text(seed), edited(text(seed), 5)) for seed in range(300)]
    one, other = (fingerprints(pl.Series(side), LAYOUT).bands for side in zip(*pairs, strict=True))
    mean = np.mean([similarity(*pair) ** LAYOUT.rows for pair in pairs])
    assert (one == other).mean() == pytest.approx(mean, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_a_text_has_the_same_shingles_alone_and_among_others(texts):
    together = shingles(pl.Series(texts, dtype=pl.String))
    alone = [shingles(pl.Series([each], dtype=pl.String)) for each in texts]
    assert together.text_hashes == [hashed for each in alone for hashed in each.text_hashes]
    assert together.counts.tolist() == [count for each in alone for count in each.counts]
    assert together.hashes.tolist() == [hashed for each in alone for hashed in each.hashes]


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(1, 60))
def test_where_texts_are_cut_into_blocks_does_not_count(texts, size):
    series = pl.Series(texts, dtype=pl.String)
    whole = fingerprints(series, LAYOUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingles_module, "BLOCK_BYTES", size)
        cut = fingerprints(series, LAYOUT)
    assert cut.text_hashes == whole.text_hashes
    assert (cut.bands == whole.bands).all()


def test_a_text_longer_than_a_chunk_has_the_signature_of_all_its_shingles():
    long = text(1, words=80_000)
    [whole], [again] = (fingerprints(pl.Series([each]), LAYOUT).bands for each in (long, f"{long} {long}"))
    assert (whole == again).mean() > 0.9


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_the_similarity_is_that_of_the_definition(one, other):
    first, second = " ".join(one), " ".join(other)
    found = jaccard(pl.Series([first, second]).gather, np.array([0]), np.array([1])).item()
    if "猫" in first + second:
        first, second = (each.replace("猫", " 猫 ") for each in (first, second))
    assert found == (similarity(first, second) if first.strip() and second.strip() else 0.0)
