"""Canonical URLs and scope."""

import datetime as dt
import json

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.fetch import AsOf
from webdata_assets.stages.crawl.urls import (
    canonical_url,
    host_of,
    in_scope,
    origin_of,
    with_as_of,
    with_parameter,
    without_as_of,
)
from webdata_assets_tests.crawl.harness import source_of
from webdata_assets_tests.crawl.saved_pages import data_folder


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("HTTP://Example.COM:80/a/../b?q#top", None, "http://example.com/b?q"),
        ("https://bücher.example/ü", None, "https://xn--bcher-kva.example/%C3%BC"),
        ("../x", "https://a.test/b/c/d", "https://a.test/b/x"),
        ("//b.test/x", "https://a.test/", "https://b.test/x"),
        ("http://0x7f.1/", None, "http://127.0.0.1/"),
        (" https://a.test/\n", None, "https://a.test/"),
    ],
)
def test_a_url_has_one_form(url: str, base: str | None, expected: str) -> None:
    assert canonical_url(url, base) == expected


@pytest.mark.parametrize(
    "url",
    ["", "no url", "ftp://a.test/", "javascript:1", "http://", "https://u:secret@a.test/",
     "http://a.test/" + "a" * 9_000, "http://a.test/\ud800"],
)  # fmt: skip
def test_what_cannot_be_crawled_is_refused(url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        canonical_url(url)
    assert "secret" not in str(caught.value)


@given(st.text(), st.none() | st.just("https://a.test/b/"))
def test_the_canonical_form_is_its_own_canonical_form(url: str, base: str | None) -> None:
    try:
        canonical = canonical_url(url, base)
    except PermanentError:
        return
    assert canonical_url(canonical) == canonical
    assert "#" not in canonical
    assert origin_of(canonical).endswith(host_of(canonical)) or ":" in origin_of(canonical)


def whatwg_cases() -> list[dict[str, str]]:
    folder = data_folder("whatwg_url")
    cases = json.loads((folder / "urltestdata.json").read_text())
    return [case for case in cases if isinstance(case, dict)]


def test_the_whatwg_cases_come_out_as_the_standard_says() -> None:
    kept = refused = 0
    for case in whatwg_cases():
        try:
            canonical = canonical_url(case["input"], case["base"])
        except PermanentError as error:
            assert error.failure_domain is FailureDomain.ACCESS
            is_web = case.get("protocol") in ("http:", "https:")
            assert case.get("failure") or not is_web or case["username"] or case["password"], case
            refused += 1
            continue
        assert canonical == case["href"].partition("#")[0], case
        kept += 1
    assert kept > 200
    assert kept + refused == len(whatwg_cases()) == 891


def test_host_and_origin_of_the_whatwg_cases_are_the_parsers() -> None:
    for case in whatwg_cases():
        for url in (case["input"], case.get("href", "")):
            try:
                parsed = ada_url.URL(url)
            except ValueError:
                with pytest.raises(PermanentError):
                    host_of(url)
                continue
            assert (host_of(url), origin_of(url)) == (parsed.hostname, parsed.origin), url


def test_scope_is_the_start_urls_hosts_and_ports_by_default() -> None:
    source = source_of({"by": "links", "start": ["http://a.test:8080/x", "https://b.test/"]})
    assert in_scope("http://a.test:8080/other", source)
    assert in_scope("http://b.test/", source)
    assert not in_scope("http://a.test/", source)
    assert not in_scope("http://sub.b.test/", source)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://example.com:444/", True), ("https://example.com./", False),
        ("https://evilexample.com/", False),
        ("https://a.wild.test/", True), ("https://a.b.wild.test/", True), ("https://wild.test/", False),
        ("https://notwild.test/", False), ("http://port.test:81/", True), ("http://port.test/", False),
        ("http://example.com.evil.test/", False),
    ],
)  # fmt: skip
def test_declared_hosts_are_the_scope(url: str, inside: bool) -> None:
    source = source_of(
        {"by": "links", "start": ["https://example.com/"]},
        hosts=["example.com", "*.wild.test", "port.test:81"],
    )
    assert in_scope(url, source) is inside


def test_the_date_parameter_comes_and_goes() -> None:
    as_of = AsOf(param="on", format="%d.%m.%Y")
    url = "https://a.test/x?b=1&a=%20"
    asked = with_as_of(url, as_of, dt.date(2026, 6, 2))
    assert asked == "https://a.test/x?b=1&a=%20&on=02.06.2026"
    assert without_as_of("https://a.test/x?on=1", as_of) == "https://a.test/x"
    assert without_as_of(asked, as_of) == url
    assert without_as_of(url, as_of) == url
    assert with_as_of(url, None, dt.date(2026, 6, 2)) == url


def test_a_query_that_begins_with_a_question_mark_keeps_it() -> None:
    as_of = AsOf(param="on")
    asked = with_as_of("https://a.test/??c", as_of, dt.date(2026, 6, 2))
    assert asked == "https://a.test/??c&on=2026-06-02"
    assert without_as_of(asked, as_of) == "https://a.test/??c"
    url = "https://a.test/?on?"
    assert without_as_of(with_as_of(url, as_of, dt.date(2026, 6, 2)), as_of) == url


def test_a_parameter_replaces_its_old_value() -> None:
    assert with_parameter("https://a.test/?c=1&x=2", "c", "a&b") == "https://a.test/?x=2&c=a%26b"
