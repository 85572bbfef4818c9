"""How alike two versions of a text are."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.changes.similarity import MAX_WORDS, text_similarity

TEXTS = st.text("ab cdé\n.犬猫", max_size=60)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c d", "a b c d", 1.0),
        ("A b, c: D!", "a B c d", 1.0),
        ("a b c d", "a b c e", 1 / 3),
        ("a b c", "x y z", 0.0),
        ("a b", "a b", 1.0),
        ("a b", "a c", 0.0),
        ("a b c", None, 0.0),
        ("...", "!", 1.0),
        ("今日は犬と歩く", "今日は猫と歩く", 2 / 8),
        (None, None, None),
    ],
)
def test_similarity_is_the_share_of_common_shingles(one, other, expected):
    assert text_similarity(one, other) == pytest.approx(expected)


@given(TEXTS, TEXTS)
def test_similarity_is_symmetric_and_a_share(one, other):
    assert text_similarity(one, other) == text_similarity(other, one)
    assert 0 <= text_similarity(one, other) <= 1


@given(TEXTS)
def test_a_text_is_like_itself(text):
    assert text_similarity(text, text.upper()) == 1


def test_the_cost_of_a_pair_is_bounded():
    long = " ".join(map(str, range(MAX_WORDS)))
    start = time.process_time()
    assert text_similarity(long + " 1" * 10**6, long + " 2" * 10**6) == 1
    assert time.process_time() - start < 2
