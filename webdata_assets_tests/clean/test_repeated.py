"""Paragraphs that most texts of a partition share, removed; everything else stays."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.clean.repeated import without_repeated_paragraphs


def removed(*texts: str | None, **options: float) -> list[str | None]:
    return without_repeated_paragraphs(pl.Series("text", texts, dtype=pl.String), **options).to_list()


def test_a_paragraph_of_most_texts_is_removed_and_the_rest_stays():
    texts = [f"About {each}\n\nSign up  for our NEWS\n\nMore on {each}" for each in ("one", "two", "three")]
    assert removed(*texts, "On its own") == [
        "About one\n\nMore on one", "About two\n\nMore on two", "About three\n\nMore on three", "On its own",
    ]  # fmt: skip


def test_case_and_white_space_do_not_tell_paragraphs_apart():
    assert removed("one\nSee  also", "two\nsee also", "three\n SEE ALSO ") == ["one", "two", "three"]


def test_what_fewer_than_the_share_have_stays():
    texts = ["shared\n1", "shared\n2", "shared\n3", *(f"text {number}" for number in range(5))]
    assert removed(*texts) == texts
    assert removed(*texts, min_share=0.3)[:3] == ["1", "2", "3"]


def test_what_two_texts_share_stays():
    assert removed("shared\n1", "shared\n2") == ["shared\n1", "shared\n2"]


def test_copies_of_one_text_are_no_boilerplate():
    assert removed(*["a page\nof two lines"] * 5) == ["a page\nof two lines"] * 5


def test_a_text_of_boilerplate_alone_is_left_alone():
    assert removed("shared\n1", "shared\n2", "shared\n3", "shared") == ["1", "2", "3", "shared"]


def test_what_holds_markdown_together_stays():
    kept = "| Size | Price |\n| --- | --- |\n| {0} | 1 € |\n\n```\nimport lamp\nlamp.on({0})\n```"
    texts = [f"Sign up\n\n{kept.format(number)}" for number in range(4)]
    assert removed(*texts) == [kept.format(number) for number in range(4)]


def test_null_stays_null():
    assert removed(None, "shared\n1", "shared\n2", "shared\n3") == [None, "1", "2", "3"]


@pytest.mark.parametrize("texts", [[], [None], ["", "", ""], ["\n", "\n\n", " "]])
def test_nothing_is_made_of_nothing(texts):
    assert removed(*texts) == texts


LINES = st.sampled_from(["", "one", "two", "Three", "a longer line", "  indented"])
TEXTS = st.lists(st.none() | st.lists(LINES, min_size=1, max_size=5).map("\n".join), max_size=8)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_line_that_is_left_was_there_in_the_same_order(texts):
    for before, after in zip(texts, removed(*texts), strict=True):
        if before is None or after is None:
            assert before == after
            continue
        lines = iter(before.split("\n"))
        assert all(line in lines for line in after.split("\n") if line)
