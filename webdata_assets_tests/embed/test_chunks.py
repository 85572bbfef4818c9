"""Where documents are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.embed.chunks import chunk_document, document_of
from webdata_assets_tests.embed.tiny import tiny_encoder

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
WORDS = ("the", "running", "x", "café", "e\u0301", "a.", "b?", "!", "[SEP]", "https://a.b/c?d=e", "q" * 60)
HARD_WORDS = (
    "中文。",
    "한글",
    "ß",
    "İ",
    "٣",
    "😀",
    "\x1c",
    "\x00",
    "\u200b",
    "\u2028",
    "\ufffd",
    "\n",
    "\n\n",
)
PROSE = st.lists(st.sampled_from(WORDS + HARD_WORDS), max_size=80).map(" ".join)
LIMITS = st.sampled_from([16, 17, 24, 40])


def offsets_of(text):
    return tiny_encoder().token_offsets(text)


def pieces(document, limit):
    return [document[chunk.start : chunk.end] for chunk in chunk_document(document, offsets_of, limit)]


@given(ANY_TEXT | PROSE, LIMITS)
def test_chunks_are_ordered_slices_that_cover_everything_and_fit(document, limit):
    end = 0
    for chunk in chunk_document(document, offsets_of, limit):
        assert end <= chunk.start < chunk.end
        assert not document[end : chunk.start].strip()
        end = chunk.end
        alone = len(offsets_of(document[chunk.start : chunk.end])) + 2
        assert alone == chunk.tokens <= limit
    assert not document[end:].strip()


@given(PROSE, LIMITS)
def test_no_word_is_cut_that_fits_into_a_chunk(document, limit):
    chunks = chunk_document(document, offsets_of, limit)
    for before, after in itertools.pairwise(chunks):
        if not document[before.end : after.start]:
            word_start = max(document.rfind(space, 0, before.end) for space in " \n\u2028") + 1
            word = document[word_start:].split()[0]
            assert word.startswith("中文。") or len(offsets_of(word)) > limit - 2


@given(ANY_TEXT, LIMITS)
def test_cutting_is_deterministic(document, limit):
    assert chunk_document(document, offsets_of, limit) == chunk_document(document, offsets_of, limit)


def test_a_short_document_is_one_chunk_without_the_space_around_it():
    (chunk,) = chunk_document(" \n a b c \n", offsets_of, 16)
    assert (chunk.start, chunk.end, chunk.tokens) == (3, 8, 5)


@pytest.mark.parametrize("document", ["", " \n\t "])
def test_a_document_of_nothing_has_no_chunks(document):
    assert chunk_document(document, offsets_of, 16) == []


def test_the_last_paragraph_that_fits_ends_a_chunk():
    first = "a b c d e. f g h i"
    assert pieces(f"{first}\n \nj k l. m n o p q r", 16) == [first, "j k l. m n o p q r"]


def test_without_a_paragraph_in_reach_the_last_sentence_ends_a_chunk():
    assert pieces('a b c d e f g "h i." j k l m n o p q r', 20)[0] == 'a b c d e f g "h i."'


def test_a_line_end_counts_as_a_sentence_end():
    assert pieces("a b c d e f g h i\nj k l m n o p", 16)[0] == "a b c d e f g h i"


def test_a_full_width_stop_ends_a_sentence_without_a_space():
    assert pieces("中" * 10 + "。" + "文" * 10, 16)[0] == "中" * 10 + "。"


def test_a_paragraph_that_would_leave_the_chunk_nearly_empty_does_not_end_it():
    assert pieces("a\n\nb c d e f g h i j k l m n o p q r", 16)[0] == "a\n\nb c d e f g h i j k l m n"


def test_without_a_sentence_in_reach_the_last_word_ends_a_chunk():
    assert pieces("the and " * 10, 16) == [("the and " * 7).strip(), ("the and " * 3).strip()]


def test_a_word_longer_than_a_chunk_is_cut_into_parts_that_fit():
    parts = pieces("x " + "abc" * 20 + " y", 16)
    assert parts[0] == "x"
    assert "".join(parts[1:]).replace(" ", "") == "abc" * 20 + "y"


def test_limits_that_leave_no_room_are_refused():
    with pytest.raises(ValueError, match="at least 16"):
        chunk_document("a", offsets_of, 15)


def test_a_document_is_title_blank_line_text():
    assert document_of("T", "x") == "T\n\nx"
    assert document_of(None, "x") == "x"
    assert document_of("T", None) == "T"
    assert document_of(None, None) == ""
