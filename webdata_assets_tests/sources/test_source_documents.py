"""Source files that are no YAML, or YAML with a trap in it."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import SourceFileError
from webdata_assets.sources.document import MAX_BYTES, parse_document, parse_slowly
from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.sources.reading import GOOD, message_of


def test_an_alias_bomb_is_refused_before_it_explodes(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 30):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    message = message_of(tmp_path, bomb.encode())
    assert "bad.yaml:1: document: anchors and aliases are not allowed (`a0`); write the value out" in message


def test_brackets_without_end_are_refused(tmp_path: Path) -> None:
    message = message_of(tmp_path, b"name: " + b"[" * 100_000)
    assert "bad.yaml:1: document: nested more than 20 deep; " in message


def test_a_large_file_is_refused_unparsed(tmp_path: Path) -> None:
    message = message_of(tmp_path, b"#" * (MAX_BYTES + 1))
    assert "bad.yaml:1: document: larger than 1,000,000 bytes; " in message


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    message = message_of(tmp_path, GOOD.replace("A test", "Ein Täst").encode("latin-1"))
    assert "bad.yaml:2: document: not UTF-8 text; save the file with the encoding UTF-8" in message


def test_a_control_character_names_the_line(tmp_path: Path) -> None:
    message = message_of(tmp_path, GOOD.replace("A test", "A\0test").encode())
    assert "bad.yaml:2: document: holds a control character; remove" in message


@pytest.mark.parametrize(
    ("text", "what"), [("", "empty"), ("# only this\n", "empty"), ("- a\n", "not a mapping")]
)
def test_a_document_that_is_no_mapping_is_refused(tmp_path: Path, text: str, what: str) -> None:
    assert f"bad.yaml:1: document: {what}; begin with `name: …`" in message_of(tmp_path, text.encode())


def test_two_documents_in_one_file_are_refused(tmp_path: Path) -> None:
    assert "bad.yaml:19:1: document: malformed YAML" in message_of(tmp_path, f"{GOOD}---\n{GOOD}".encode())


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_problem(text: str) -> None:
    document = parse_document(text)
    assert document.data is not None or document.problems


@given(st.text(max_size=40))
def test_any_name_is_accepted_by_the_pattern_or_reported_on_its_line(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("names")
    (folder / "a.yaml").write_text(GOOD.replace("good", json.dumps(name), 1))
    if re.fullmatch(r"[a-z0-9_-]{1,64}", name):
        assert list(load_sources(folder).all) == [name]
    else:
        with pytest.raises(SourceFileError, match=r"a\.yaml:1: name: "):
            load_sources(folder)


_PIECES = (
    "a", "b: ", "- ", "\n", "  ", '"', "'", "{", "}", "[", "]", ", ", ": ", "?", " #", "|", ">", "|-\n",
    "&a ", "*a", "!!str ", "!", "%", "---\n", "...\n", "1", "2026-01-01", "true", "~", "0x1f", "\\", "é",
    "\u2028", "\x85", "\r\n", "\t", "\ufeff", "<<: ", "=", "!!bool x", '"\\ud800"', "@", "`",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a good file with pieces of YAML in wrong places, or pieces alone."""
    text = draw(st.sampled_from([GOOD, ""]))
    for _ in range(draw(st.integers(1, 6 if text else 20))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(_PIECES)) + text[at + draw(st.integers(0, 2)) :]
    return text


@given(damaged())
def test_what_both_parsers_read_is_the_same(text: str) -> None:
    read, slowly = parse_document(text), parse_slowly(text)
    if slowly.data is not None:
        assert (repr(read.data), read.lines) == (repr(slowly.data), slowly.lines)
        assert read.problems == slowly.problems
    elif read.data is None:
        assert read.problems
