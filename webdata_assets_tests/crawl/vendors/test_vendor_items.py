"""Items of jobs as pages."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.stages.crawl.vendors.items import deliver_item, kind_of_text
from webdata_assets_tests.crawl.vendors.loopback import job_rule


def rule_of(**values: object) -> DiscoverJob:
    return DiscoverJob.model_validate(job_rule("actor", **values))


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63 - 1) | st.lists(st.booleans())))
def test_without_item_body_the_item_is_the_page(item: dict[str, object]) -> None:
    page = deliver_item(rule_of(), item)  # type: ignore[arg-type]
    assert orjson.loads(page.body) == item
    assert page.content_type == "application/json"
    # equal items have equal bytes
    assert page.body == deliver_item(rule_of(), dict(reversed(item.items()))).body  # type: ignore[arg-type]


def test_url_and_body_are_where_the_rule_says() -> None:
    item = {"request": {"loadedUrl": "https://site.test/a"}, "pages": [{"html": "<p>ü</p>"}]}
    page = deliver_item(rule_of(item_url="request.loadedUrl", item_body="pages[0].html"), item)
    assert page.url == "https://site.test/a"
    assert page.body == "<p>ü</p>".encode()
    assert page.content_type == "text/html; charset=utf-8"


def test_an_item_without_url_and_body_is_an_empty_page_without_url() -> None:
    page = deliver_item(rule_of(item_body="html"), {"url": 7})
    assert (page.url, page.body) == (None, b"")


def test_a_body_that_is_no_text_is_its_json() -> None:
    page = deliver_item(rule_of(item_body="data"), {"data": {"b": 1, "a": [2]}})
    assert (page.body, page.content_type) == (b'{"a":[2],"b":1}', "application/json")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!DOCTYPE html><title>x", "text/html"),
        ("\ufeff\n <html lang=de>", "text/html"),
        ('<?xml version="1.0"?>\n<!-- a -->\n<html>', "text/html"),
        ("<div class='a'>text</div>", "text/html"),
        ("# Title\n\ntext", "text/markdown"),
        ("Intro\n\n- one\n- two", "text/markdown"),
        ("see [there](https://site.test/)", "text/markdown"),
        ("plain text, 3 < 4 and 5 > 4", "text/plain"),
        ("<3 you", "text/plain"),
        ("", "text/plain"),
    ],
)
def test_a_text_s_kind_is_what_it_looks_like(text: str, kind: str) -> None:
    assert kind_of_text(text) == kind


def test_a_hostile_text_is_looked_at_quickly() -> None:
    assert kind_of_text("<!--" * 20_000) == "text/plain"
    assert kind_of_text("<!-- -->" * 20_000) == "text/plain"


@pytest.mark.parametrize(
    ("rule", "item"),
    [
        ({"item_url": "join('', parts)"}, {"parts": None}),
        ({"item_url": "max_by(parts, &id).url"}, {"parts": [{"id": 1}, {"id": "a"}]}),
        ({}, {"deep": orjson.loads(b"[" * 500 + b"]" * 500)}),
    ],
)
def test_an_item_that_does_not_fit_is_a_parse_failure(rule: dict[str, str], item: dict[str, object]) -> None:
    with pytest.raises(PermanentError) as error:
        deliver_item(rule_of(**rule), item)  # type: ignore[arg-type]
    assert error.value.failure_domain == FailureDomain.PARSE
