"""What is encoded before a chunk, and what a row of a chunk holds."""

import sys

import pytest
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.embed.chunking.records import CHUNK_SCHEMA, chunk_records
from webdata_assets_tests.embed.chunking import Reader, chunk, records, word_pieces


def contexts(structured_text, limit=64, **more):
    return chunk(structured_text, limit, **more)["context"].to_list()


def long(letter):
    return " ".join([letter] * 50)


def test_the_title_is_the_context_of_plain_text():
    assert contexts(None, title="the title", text="a b c") == ["the title"]
    assert encoded_text("the title", "a b c") == "the title\n\na b c"


def test_headings_above_a_chunk_follow_the_title_outermost_first():
    text = f"# A\n\n## B\n\n{long('c')}\n\n{long('d')}"
    chunks = chunk(text, 64, title="T")
    assert chunks["context"].to_list() == ["T", "T\nA\nB"]
    assert chunks["heading_path"].to_list() == [[], ["A", "B"]]


def test_without_title_and_headings_there_is_none():
    assert contexts("a b c") == [None]
    assert encoded_text(None, "a b c") == "a b c"


@pytest.mark.parametrize("text", ["# The  Title\n\na", "the title: a b c", "> - The title\n\na"])
def test_a_title_with_which_the_chunk_begins_is_not_repeated(text):
    assert contexts(text, title="The title") == [None]


def test_a_title_that_only_begins_the_first_word_is_kept():
    assert contexts("the titles", title="The title") == ["The title"]


def test_a_heading_that_equals_the_title_is_not_repeated():
    assert contexts(f"# the title\n\n{long('a')}\n\n{long('b')}", title="The Title")[1] == "The Title"


def test_outer_headings_are_left_out_before_inner_ones():
    text = f"# a a a a\n\n## b b b b\n\n### c c\n\n{long('d')}\n\n{long('e')}"
    assert contexts(text, title="t")[1] == "t\nb b b b\nc c"


def test_a_title_too_long_is_cut_after_a_word():
    assert contexts("x", title="the running " * 20) == ["the running the"]


def test_a_title_whose_first_word_is_too_long_is_cut_after_a_token():
    assert contexts("x", 64, title="abcdefghijklmnop") == ["abcdefgh"]


def test_a_record_without_text_is_its_title():
    row = chunk(None, 64, title="the title").row(0, named=True)
    assert (row["field"], row["text"], row["context"]) == ("title", "the title", None)


def test_the_structured_text_is_cut_rather_than_the_plain_one():
    assert chunk("# a", 64, text="a")["field"].to_list() == ["structured_text"]
    assert chunk(" ", 64, text="a")["field"].to_list() == ["text"]


def test_rows_hold_what_the_embeddings_table_wants():
    rows = chunk_records(
        records(("T", None, f"# A\n\n{long('b')}"), (None, None, None), (None, "c", None)),
        Reader(word_pieces(), 32),
    )
    assert rows.schema == CHUNK_SCHEMA
    assert set(TABLES["embeddings"].polars_schema) - set(rows.columns) == {"model_id", "vector"}
    assert rows["chunk_id"].to_list() == [f"{'0' * 32}-000{n}" for n in (0, 1)] + [f"{2:032x}-0000"]
    for context, text, text_hash in rows.select("context", "text", "text_hash").iter_rows():
        assert text_hash == blake3(encoded_text(context, text).encode()).hexdigest()


def test_limits_that_leave_no_room_are_refused():
    with pytest.raises(ValueError, match="at least 16"):
        chunk("a", 15)


def test_a_chunker_that_is_not_installed_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "semantic_text_splitter", None)
    with pytest.raises(PermanentError, match=r"webdata-assets\[splitter\]") as caught:
        chunk("a", 16, chunker="semantic-text-splitter")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_the_optional_chunker_cuts_where_that_package_does():
    text = f"# A\n\n{long('b')}\n\n# C\n\nd"
    chunks = chunk(text, 64, title="T", chunker="semantic-text-splitter")
    assert chunks["text"].to_list() == [f"# A\n\n{long('b')}", "# C\n\nd"]
    assert chunks["context"].to_list() == ["T", "T"]
