"""Offsets of byte pairs."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.clean.tokens import count_tokens
from webdata_assets.stages.embed.encoders.byte_pairs import byte_pair_offsets

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.sampled_from(
    ["🏳️‍🌈 日本語 naïve", "<|endoftext|>", "a" * 300, "\r\n\t  x"]
)


@settings(deadline=None)  # the vocabulary is loaded once
@given(TEXTS)
def test_there_is_one_offset_per_token_and_every_character_is_covered(text):
    offsets = byte_pair_offsets(text)
    assert len(offsets) == count_tokens(pl.Series([text]))[0]
    assert {place for start, end in offsets for place in range(start, end)} == set(range(len(text)))


@settings(deadline=None)  # the vocabulary is loaded once
@given(TEXTS)
def test_offsets_go_forward_and_none_is_empty(text):
    offsets = byte_pair_offsets(text)
    assert offsets == sorted(offsets)
    assert all(start < end for start, end in offsets)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("Hello world", ["Hello", " world"]), ("日本語", ["日本", "語"]), ("", [])],
)
def test_tokens_are_slices_of_the_text(text, pieces):
    assert [text[start:end] for start, end in byte_pair_offsets(text)] == pieces
