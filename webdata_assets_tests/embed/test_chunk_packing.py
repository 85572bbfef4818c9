"""Where texts are cut."""

import pytest

from webdata_assets_tests.embed.chunking import byte_pairs, chunk


def pieces(text, limit, **more):
    return chunk(text, limit, **more)["text"].to_list()


def plain(text, limit):
    return chunk(None, limit, text=text)["text"].to_list()


def words(count, letter="a"):
    return " ".join([letter] * count)


def test_small_parts_share_a_chunk():
    text = "a b c\n\n- d\n- e\n\n> f"
    assert pieces(text, 24) == [text]


def test_a_part_that_fits_is_not_torn_to_fill_the_chunk_before_it():
    assert pieces(f"{words(4)}\n\n{words(12, 'b')}", 16) == [words(4), words(12, "b")]


def test_a_half_full_chunk_ends_before_a_heading_of_its_level():
    text = f"# A\n\n{words(6)}\n\n# B\n\nc"
    assert pieces(text, 24) == [f"# A\n\n{words(6)}\n\n# B\n\nc"]
    text = f"# A\n\n{words(12)}\n\n# B\n\nc"
    assert pieces(text, 24) == [f"# A\n\n{words(12)}", "# B\n\nc"]


def test_a_half_full_chunk_ends_before_a_heading_of_a_higher_level_too():
    assert pieces(f"## A\n\n{words(12)}\n\n# B\n\nc", 24)[1] == "# B\n\nc"


def test_a_subsection_goes_on_in_its_sections_chunk():
    text = f"# A\n\n{words(12)}\n\n## B\n\nc"
    assert pieces(text, 24) == [text]


def test_a_heading_goes_with_what_follows_it():
    assert pieces(f"{words(10)}\n\n# B\n\n{words(8, 'c')}", 16) == [words(10), f"# B\n\n{words(8, 'c')}"]


def test_headings_in_a_row_stay_together():
    assert (
        pieces(f"{words(10)}\n\n# B\n\n## C\n\n{words(4, 'd')}", 16)[1] == f"# B\n\n## C\n\n{words(4, 'd')}"
    )


def test_a_part_too_long_beside_its_heading_is_cut_rather_than_the_heading_left_alone():
    first, second = pieces(f"# B\n\n{words(13)}", 16)
    assert first == f"# B\n\n{words(12)}"
    assert second == "a"


def test_a_long_list_is_cut_between_its_outer_items():
    text = "\n".join(f"- a b\n  - c {letter}" for letter in "wxyz")
    assert pieces(text, 20) == ["- a b\n  - c w\n- a b\n  - c x\n- a b\n  - c y", "- a b\n  - c z"]


def test_an_outer_item_too_long_is_cut_between_its_inner_items():
    text = "- a b\n" + "\n".join(f"  - c c c {letter}" for letter in "vwxyz")
    assert all(piece.startswith("- ") for piece in pieces(text, 20))


def test_a_long_table_is_cut_between_rows_and_its_head_keeps_a_row():
    text = "| a | b |\n| --- | --- |\n" + "\n".join(f"| c | {letter} |" for letter in "uvwxyz")
    first, *rest = pieces(text, 24)
    assert first == "| a | b |\n| --- | --- |\n| c | u |"
    assert all(
        line.startswith("| c |") and line.endswith(" |") for piece in rest for line in piece.split("\n")
    )


def test_a_long_row_is_cut_between_its_cells():
    row = "| " + " | ".join(words(3, letter) for letter in "abcdefgh") + " |"
    text = "| x | y |\n| --- | --- |\n| 1 | 2 |\n" + row
    assert [piece[0] for piece in pieces(text, 24)] == ["|"] * len(pieces(text, 24))


def test_code_is_cut_at_its_blank_lines_then_at_lines():
    block = "a b c d\ne f g h"
    text = f"```\n{block}\n\n{block}\n\n{block}\n```"
    assert pieces(text, 24) == [f"```\n{block}\n\n{block}", f"{block}\n```"]
    lines = "\n".join(["a b c d e f"] * 4)
    assert pieces(f"```\n{lines}\n```", 20)[0].split("\n")[0] == "```"
    assert all(not piece.startswith("b") for piece in pieces(f"```\n{lines}\n```", 20))


def test_a_closing_fence_is_not_left_alone():
    lines = "\n".join(["a b c d e f"] * 3)
    assert pieces(f"```\n{lines}\n```", 20)[-1] != "```"


def test_a_long_paragraph_is_cut_at_its_lines_then_at_sentences():
    assert plain("a b c d e f g h i\nj k l m n o p", 16)[0] == "a b c d e f g h i"
    assert plain('a b c d e f g "h i." j k l m n o p q r', 20)[0] == 'a b c d e f g "h i."'


def test_a_full_width_stop_ends_a_sentence_without_a_space():
    assert plain("中" * 10 + "。" + "文" * 10, 16)[0] == "中" * 10 + "。"


def test_without_a_sentence_in_reach_the_last_word_ends_a_chunk():
    assert plain("the and " * 10, 16) == [("the and " * 7).strip(), ("the and " * 3).strip()]


def test_a_sentence_end_that_leaves_the_chunk_nearly_empty_does_not_end_it_when_the_next_is_too_long():
    assert plain(f"a. {words(30, 'b')}", 16)[0] == f"a. {words(12, 'b')}"


def test_a_word_longer_than_a_chunk_is_cut_into_parts_that_fit():
    parts = plain("x " + "abc" * 20 + " y", 16)
    assert len(parts) > 4
    assert "".join(parts).replace(" ", "") == "x" + "abc" * 20 + "y"


def test_a_letter_keeps_its_marks_where_a_word_is_cut():
    parts = plain("नि" * 60, 16)
    assert not any(part.startswith("ि") for part in parts)


def test_plain_text_has_no_headings():
    chunks = chunk(None, 16, text=f"# a\n\n{words(13)}")
    assert chunks["text"].to_list() == ["# a", words(13)]
    assert chunks["heading_path"].to_list() == [[], []]


@pytest.mark.parametrize("text", ["", " \n\t ", None])
def test_a_record_of_nothing_has_no_chunks(text):
    assert chunk(text, 16, text=text, title=text).is_empty()


def test_a_short_text_is_one_chunk_without_the_space_around_it():
    row = chunk(" \n a b c \n", 16).row(0, named=True)
    assert (row["start"], row["end"], row["tokens"]) == (3, 8, 5)


def test_a_letter_with_more_marks_than_a_chunk_holds_is_cut_all_the_same():
    parts = pieces("n" + "\u0323" * 200, 16, tokenizer=byte_pairs())
    assert len(parts) < 40
