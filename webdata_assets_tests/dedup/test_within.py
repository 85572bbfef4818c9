"""Duplicates within a partition: same texts, nearly the same ones, and who stands for whom."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.dedup import duplicates_within
from webdata_assets_tests.dedup.texts import edited, records, similarity, text


def found(*texts, threshold=0.8):
    rows = duplicates_within(records(*texts), threshold)
    return {int(one, 16): (int(other, 16), alike) for one, other, alike in rows.iter_rows()}


def test_no_records_have_no_duplicates():
    assert found() == {}


def test_case_and_white_space_do_not_tell_texts_apart():
    assert found("One  Two\n", " one\u00a0two", "onetwo", "ONE\tTWO") == {1: (0, 1.0), 3: (0, 1.0)}


def test_the_order_of_words_tells_texts_apart():
    assert found("one two", "two one") == {}


def test_records_without_words_are_like_no_other():
    assert found(None, None, "", " \n", "") == {}


def test_a_nearly_equal_text_is_found_with_its_exact_similarity():
    original = text(1)
    other = edited(original, 2)
    assert found(original, text(2), other) == {2: (0, similarity(original, other))}


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9])
def test_only_pairs_at_or_above_the_wished_similarity_are_duplicates(threshold):
    pairs = [(text(seed), edited(text(seed), 1 + seed % 12)) for seed in range(120)]
    wanted = {
        2 * at + 1: (2 * at, similarity(*pair))
        for at, pair in enumerate(pairs)
        if similarity(*pair) >= threshold
    }
    shown = found(*(each for pair in pairs for each in pair), threshold=threshold)
    assert shown.items() <= wanted.items()
    assert len(shown) >= 0.98 * len(wanted) > 10


def test_at_a_similarity_of_one_only_the_same_texts_are_duplicates():
    original = text(1)
    assert found(original, edited(original, 1), original.upper(), threshold=1) == {2: (0, 1.0)}


def test_the_first_by_url_and_ordinal_stands_for_its_cluster():
    rows = records("same", "same", "same").with_columns(
        url=records("b", "a", "a")["url"].reverse(), ordinal=records("").select("ordinal").item()
    )
    assert duplicates_within(rows, 0.8)["duplicate_of"].to_list() == [f"{2:032x}"] * 2


def test_what_is_like_a_duplicate_is_in_its_cluster_with_its_own_similarity():
    first = text(1)
    second = edited(first, 4, seed=1)
    third = edited(second, 4, seed=2)
    assert similarity(first, third) < 0.8 < min(similarity(first, second), similarity(second, third))
    assert found(first, second, third) == {
        1: (0, similarity(first, second)),
        2: (0, similarity(first, third)),
    }


def test_texts_without_spaces_are_compared_by_their_characters():
    original = "".join(chr(0x4E00 + number * 7_919 % 20_000) for number in range(400))
    other = original[:200] + "龥" + original[201:]
    [(of, alike)] = found(original, other).values()
    assert of == 0
    assert 0.95 < alike < 1


def test_short_texts_are_alike_only_as_a_whole():
    assert found("a red chair", "a blue chair", "A red  chair") == {2: (0, 1.0)}


def test_thousands_of_texts_with_the_same_phrases_cost_no_square():
    boilerplate = text(0, 150)
    pages = [f"{boilerplate} {text(seed, 60)}" for seed in range(1, 1_500)]
    copies = [edited(page, 1) for page in pages[:100]]
    wanted = {1_499 + at: at for at in range(100)}
    shown = found(*pages, *copies)
    assert {one: of for one, (of, _) in shown.items()}.items() <= wanted.items()
    assert len(shown) >= 98


def test_a_crowd_of_nearly_equal_pages_is_one_cluster():
    page = text(0)
    assert {of for of, _ in found(*(edited(page, 1, seed) for seed in range(400))).values()} == {0}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(["", "a b", "A  b", *(edited(text(1), n) for n in range(0, 9, 2))]), max_size=12
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_count(texts, generator: random.Random):
    rows = records(*texts)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=generator.randrange(2**32))
    assert duplicates_within(shuffled, 0.8).equals(duplicates_within(rows, 0.8))
