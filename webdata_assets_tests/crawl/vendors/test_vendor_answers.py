"""Answers of services: JSON as it comes, and text that is fit to be shown."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.vendors.answers import member, optional_member, parse_json, printable
from webdata_assets.stages.crawl.vendors.keys import Key

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_json_comes_back_as_it_was_written(value: object) -> None:
    assert parse_json(orjson.dumps(value), "Acme") == value


def test_half_a_character_is_replaced_and_the_rest_is_kept() -> None:
    body = rb'{"html": "cut \ud83d", "whole": "\ud83c\udf0d", "\udc00": [1, null, true]}'
    assert parse_json(body, "Acme") == {"html": "cut �", "whole": "🌍", "�": [1, None, True]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"<html>",
        b"[" * 5_000,
        rb'"\ud83d',
        rb'["\ud83d", NaN]',
        b'"\xff"',
        b'"\xff\\ud83d"',
        b"[" * 100_000 + rb'"\ud83d"',
    ],
)
def test_what_is_no_json_is_a_parse_failure(body: bytes) -> None:
    with pytest.raises(PermanentError, match="Acme's answer is no JSON") as error:
        parse_json(body, "Acme")
    assert error.value.failure_domain == FailureDomain.PARSE


def test_a_member_is_found_by_its_path_and_type() -> None:
    answer = {"data": {"status": "READY", "count": 3, "done": True, "items": []}}
    assert member(answer, "data.status", str, "Acme") == "READY"
    assert member(answer, "data.count", int, "Acme") == 3
    assert member(answer, "data.done", bool, "Acme") is True
    assert member(answer, "data.items", list, "Acme") == []


@pytest.mark.parametrize("path", ["data.done", "data.none", "none.status", "data.status.more", "data.items"])
def test_a_member_of_another_type_is_a_parse_failure(path: str) -> None:
    answer = {"data": {"status": "READY", "done": True, "items": []}}
    assert optional_member(answer, path, int) is None
    with pytest.raises(PermanentError, match=path) as error:
        member(answer, path, int, "Acme")
    assert error.value.failure_domain == FailureDomain.PARSE


@given(st.text(), st.text(max_size=400), st.text(alphabet="abc+/=%", min_size=4, max_size=40))
def test_no_text_shows_a_key_or_steers_a_terminal(before: str, after: str, value: str) -> None:
    shown = printable(f"{before}{value}{after}", Key("Acme", "ACME_KEY", value))
    assert value not in shown
    assert len(shown) <= 300
    assert all(letter.isprintable() or letter.isspace() or not letter.isascii() for letter in shown)
    assert not set(shown) & set("\n\r\t\x1b\u202e\u2066")
