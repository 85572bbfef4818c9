from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.extract.main_content.choose import choose, without_repetitions

_BLOCKS = st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(1, 50)), min_size=1, max_size=8)


def _expected(probabilities: np.ndarray, words: np.ndarray, kept: list[int]) -> float:
    hits = float((probabilities * words)[kept].sum())
    return 2 * hits / (float(words[kept].sum()) + float((probabilities * words).sum()))


@given(_BLOCKS)
def test_no_other_set_of_blocks_has_a_greater_expected_f1(blocks: list[tuple[float, float]]) -> None:
    probabilities, words = (np.array(each) for each in zip(*blocks, strict=True))
    kept, expected = choose(probabilities, words)
    every = (
        list(some) for size in range(1, len(blocks) + 1) for some in combinations(range(len(blocks)), size)
    )
    assert expected == pytest.approx(max(_expected(probabilities, words, some) for some in every))
    assert expected == pytest.approx(_expected(probabilities, words, list(np.flatnonzero(kept))))


def test_nothing_is_kept_of_blocks_that_are_surely_not_wanted() -> None:
    kept, expected = choose(np.zeros(3), np.ones(3))
    assert not kept.any()
    assert expected == 0


TEXT = "the same long text of a product here"


def test_of_a_text_that_stands_twice_the_more_probable_is_kept() -> None:
    mended = without_repetitions(np.array([0.4, 0.9]), [TEXT, TEXT], np.array([8.0, 8.0]), np.array([1, 2]))
    assert mended.tolist() == [0.9, 0.0]


def test_repetitions_next_to_each_other_are_meant() -> None:
    probabilities = np.array([0.4, 0.9])
    mended = without_repetitions(probabilities, [TEXT, TEXT], np.array([8.0, 8.0]), np.array([1, 1]))
    assert mended.tolist() == probabilities.tolist()
