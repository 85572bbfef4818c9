"""The exact answer that contenders are judged by is that of comparing every pair."""

from itertools import combinations

from webdata_assets_tests.benchmarks.dedup import judged
from webdata_assets_tests.benchmarks.near_duplicates.corpus import alike, make, shingle_set

POOL = [f"Sentence {number} says that {number * 7} is more than {number * 5}." for number in range(300)]


def test_the_prefix_filter_finds_every_pair():
    texts = make(POOL, 120)["text"].to_list()
    sets = [shingle_set(text) for text in texts]
    by_definition = {
        (one, other): len(sets[one] & sets[other]) / len(sets[one] | sets[other])
        for one, other in combinations(range(len(texts)), 2)
    }
    wanted = {pair: value for pair, value in by_definition.items() if value >= 0.8}
    assert alike(texts, 0.8) == wanted
    assert len(wanted) > 5


def test_pairs_are_judged_by_those_that_are_true():
    true = {(0, 1): 0.82, (2, 3): 0.9, (4, 5): 1.0}
    assert judged({(0, 1), (2, 3), (6, 7)}, true) == {
        "recall": 2 / 3, "recall below .85": 1.0, "precision": 2 / 3,
    }  # fmt: skip
