"""What the index benchmark measures with: its vectors, and its judgement of answers."""

import numpy as np

from webdata_assets_tests.benchmarks.index import race, recall
from webdata_assets_tests.benchmarks.vector_search.vectors import RARE, questions, sources, topical


def test_synthetic_vectors_are_the_same_each_time_and_have_near_neighbours():
    vectors = topical(2_000, 32, seed=1)
    assert np.array_equal(vectors, topical(2_000, 32, seed=1))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    similarities = questions(vectors, 20, seed=3) @ vectors.T
    assert similarities.max(axis=1).mean() > 0.85
    assert abs(similarities.mean()) < 0.2


def test_one_source_has_a_hundredth_of_the_rows():
    assert 0.005 < np.mean(sources(10_000, seed=2) == RARE) < 0.015


def test_recall_counts_the_true_ten_and_their_ties():
    similarities = np.array([[*np.linspace(1, 0.1, 10), 0.1, *np.zeros(9)]])
    assert recall([[*range(9), 10]], similarities) == 1.0
    assert recall([[*range(5), *range(11, 16)]], similarities) == 0.5
    assert recall([None], similarities) == 0.0


def test_exact_contenders_find_everything(tmp_path):
    table = {row["contender"]: row for row in race(topical(1_500, 16, seed=1), 5, tmp_path)}
    for name in ("ours", "numpy"):
        assert table[name]["recall@10"] == 1.0
        assert table[name]["filtered recall@10"] == 1.0
    assert table["usearch"]["filtered p50 ms"] is None
    assert table["faiss"]["upsert of 1 % s"] is None
