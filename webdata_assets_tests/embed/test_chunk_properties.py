"""What holds for the chunks of any text."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.embeddings import CHUNKED_FIELDS
from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.extract.main_content.structure import parts_of
from webdata_assets_tests.embed.chunking import (
    Reader,
    byte_pairs,
    chunk,
    sentence_pieces,
    word_pieces,
)

SPECIAL_TOKENS = 2
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
WORDS = (
    "the", "running", "x", "café", "e\u0301", "a.", "b?", "!", "[SEP]", "https://a.b/c?d=e", "q" * 60,
    "z" * 130,
    "中文。", "中" * 40, "한글", "ß", "İ", "٣", "😀", "👩\u200d👩\u200d👧", "🏳️\u200d🌈" * 9,
    "مرحبا بالعالم", "\u202eשלום\u202c",
    "नमस्ते", "n\u0303\u0323" * 20,
    "\x1c", "\x00", "\u200b", "\u2028", "\ufffd", "﷽", "a|b", "*", "#", "-", "\n",
)  # fmt: skip
LINES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=25).map(" ".join)
SHORT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def lines_of(first: str, line: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(line.map(lambda words: first + words.replace("\n", " ")), min_size=1, max_size=8).map(
        "\n".join
    )


def table(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace(chr(10), ' ') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "| --- | --- |", *lines[1:]])


HEADINGS = st.tuples(st.integers(1, 6), SHORT).map(
    lambda each: "#" * each[0] + " " + " ".join(each[1].split())
)
BLOCKS = st.one_of(
    HEADINGS,
    LINES,
    lines_of("- ", SHORT),
    lines_of("  - ", SHORT),
    lines_of("1. ", LINES),
    lines_of("> ", LINES),
    st.lists(st.lists(SHORT, min_size=2, max_size=2), min_size=2, max_size=6).map(table),
    lines_of("", LINES).map(lambda code: f"```\n{code}\n\n{code}\n```"),
)
MARKDOWN = st.tuples(st.lists(BLOCKS, max_size=12), st.sampled_from(["\n\n", "\n \n", "\r\n\r\n"])).map(
    lambda each: each[1].join(each[0])
)
TITLES = st.none() | SHORT | LINES
LIMITS = st.sampled_from([16, 17, 24, 40, 64])
TOKENIZERS = pytest.mark.parametrize("tokenizer", [word_pieces, byte_pairs, sentence_pieces])


def check(chunks, title, text, structured_text, tokenizer, limit):
    """Check everything that is promised of one record's chunks."""
    fields = dict(zip(CHUNKED_FIELDS, (structured_text, text, title), strict=True))
    wanted = next((name for name in CHUNKED_FIELDS if (fields[name] or "").strip()), None)
    if wanted is None:
        assert chunks.is_empty()
        return
    whole, end = fields[wanted], 0
    reader = Reader(tokenizer, limit)
    for row in chunks.iter_rows(named=True):
        assert row["field"] == wanted
        assert row["text"] == whole[row["start"] : row["end"]] == row["text"].strip()
        assert end <= row["start"] < row["end"]
        assert not whole[end : row["start"]].strip()
        end = row["end"]
        read = len(reader.token_offsets(encoded_text(row["context"], row["text"]))) + SPECIAL_TOKENS
        assert read == row["tokens"] <= limit
    assert not whole[end:].strip()


@TOKENIZERS
@given(TITLES, MARKDOWN | ANY_TEXT, LIMITS)
@settings(max_examples=25, deadline=None)
def test_chunks_of_markdown_are_slices_that_hold_everything_once_and_are_read_whole(
    tokenizer, title, text, limit
):
    chunks = chunk(text, limit, title=title, tokenizer=tokenizer())
    check(chunks, title, None, text, tokenizer(), limit)


@TOKENIZERS
@given(TITLES | ANY_TEXT, MARKDOWN | ANY_TEXT, LIMITS)
@settings(max_examples=25, deadline=None)
def test_chunks_of_plain_text_are_slices_that_hold_everything_once_and_are_read_whole(
    tokenizer, title, text, limit
):
    check(
        chunk(None, limit, title=title, text=text, tokenizer=tokenizer()),
        title,
        text,
        None,
        tokenizer(),
        limit,
    )


@given(TITLES, MARKDOWN | ANY_TEXT, LIMITS)
@settings(max_examples=30, deadline=None)
def test_where_a_tokenizer_splits_at_spaces_its_own_offsets_count_exactly(title, text, limit):
    chunks = chunk(text, limit, title=title)
    check(chunks, title, None, text, word_pieces(), limit)
    assert chunks.equals(chunk(text, limit, title=title, tokenizer=word_pieces()))


@given(MARKDOWN, LIMITS)
@settings(max_examples=30, deadline=None)
def test_a_part_that_fits_into_a_chunk_is_in_one(text, limit):
    reader = Reader(word_pieces(), limit)
    chunks = chunk(text, limit)
    budget = limit // 8
    follows_heading = False
    for part in parts_of(text):
        whole = text[part.start : part.end].strip()
        fits = len(reader.token_offsets(whole)) + SPECIAL_TOKENS + budget <= limit
        if whole and fits and not follows_heading:
            inside = chunks.filter((chunks["start"] < part.end) & (chunks["end"] > part.start))
            assert len(inside) == 1, whole
        follows_heading = part.kind == "heading"


@given(MARKDOWN, LIMITS)
@settings(max_examples=30, deadline=None)
def test_a_heading_ends_a_chunk_only_where_the_next_word_does_not_fit(text, limit):
    reader = Reader(word_pieces(), limit)
    chunks = chunk(text, limit)
    ends = {part.end for part in parts_of(text) if part.kind == "heading"}
    for row in chunks.head(-1).iter_rows(named=True):
        if row["end"] in ends:
            marker_and_word = " ".join(text[row["end"] :].split()[:2])
            assert row["tokens"] + len(reader.token_offsets(marker_and_word)) > limit


@given(MARKDOWN, LIMITS)
@settings(max_examples=25, deadline=None)
def test_no_word_is_cut_that_fits_into_a_chunk(text, limit):
    reader = Reader(word_pieces(), limit)
    ends = chunk(text, limit).select("start", "end").rows()
    for (_, end), (start, _) in itertools.pairwise(ends):
        if end == start and text[end - 1] not in "。！？｡":
            begin = max(text.rfind(space, 0, end) for space in " \r\n\u2028") + 1
            word = text[begin:].split()[0]
            assert len(reader.token_offsets(word)) + SPECIAL_TOKENS + limit // 8 > limit or "。" in word


@given(TITLES, MARKDOWN, LIMITS)
@settings(max_examples=25, deadline=None)
def test_the_optional_splitter_keeps_the_same_promises(title, text, limit):
    chunks = chunk(text, limit, title=title, chunker="semantic-text-splitter")
    check(chunks, title, None, text, word_pieces(), limit)
