"""URLs: their canonical form, scope, and the parameters that are set in them."""

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.errors import PermanentError
from webdata_assets.sources.fetch import AsOf
from webdata_assets.stages.clean.normalise import clean_url
from webdata_assets.stages.crawl.urls import (
    MAX_URL_CHARACTERS,
    Scope,
    canonical_url,
    host_of,
    origin_of,
    parameter_of,
    with_as_of,
    with_parameter,
    without_as_of,
)
from webdata_assets_tests.fuzz.seeds import files, naughty_strings
from webdata_assets_tests.fuzz.target import REFUSED, Target

_AS_OF = AsOf(param="as_of")
_DATE = dt.date(2026, 6, 1)
_TOKENS = (
    "http://", "https://", "//", "/..", "/./", "%2e", "%00", "?", "&", "=", "#", "@", ":80", ":443", ":65536",
    "[::1]", "[::ffff:1.2.3.4]", "0x7f.1", "2130706433", "xn--", "xn--a", "\u3002", "\u00ad", "\u200d",
    "\u00df",
    "\\", "\t", "\ufeff", "as_of=", "+", "%20", "%zz", "..;", "file:///", "javascript:", "\u2100", "\uff0f",
)  # fmt: skip


def run(data: bytes) -> None:
    base, _, link = data.decode("utf-8", "replace").partition("\n")
    cleaned = clean_url(base)
    assert clean_url(cleaned) == cleaned, f"cleaned once {cleaned!r}, twice {clean_url(cleaned)!r}"
    url = canonical_url(base)
    _check(url)
    if link:
        with contextlib.suppress(PermanentError):
            _check(canonical_url(link, url))
        name, _, value = link.partition("=")
        asked = with_parameter(url, name, value)
        assert parameter_of(asked, name) == value, f"{asked!r} does not say {value!r}"
        assert with_parameter(asked, name, value) == asked


def _check(url: str) -> None:
    assert url.startswith(("http://", "https://"))
    assert "#" not in url
    assert len(url) <= MAX_URL_CHARACTERS
    assert canonical_url(url) == url, f"canonical once {url!r}, twice {canonical_url(url)!r}"
    host, origin = host_of(url), origin_of(url)
    assert host and url.startswith(f"{origin}/"), f"{origin!r} is not the origin of {url!r}"
    assert host.startswith("[") or url in Scope(frozenset(), (host,))
    assert url in Scope(frozenset({origin.partition("//")[2]}), ())
    assert url not in Scope(frozenset({"elsewhere.test"}), ("*.elsewhere.test", "elsewhere.test"))
    # an empty query cannot be told from none once a parameter was in it
    plain = without_as_of(url, _AS_OF)
    if plain.count("?") == 1:
        plain = plain.removesuffix("?")
    dated = with_as_of(plain, _AS_OF, _DATE)
    assert parameter_of(dated, "as_of") == "2026-06-01"
    assert without_as_of(dated, _AS_OF) == plain, f"{plain!r}, {dated!r}, {without_as_of(dated, _AS_OF)!r}"
    assert without_as_of(plain, _AS_OF) == plain


def seeds(data: Path) -> Iterator[bytes]:
    path = data / "whatwg_url/wpt-urltestdata.json"
    for case in json.loads(path.read_bytes()) if path.is_file() else []:
        if isinstance(case, dict):
            base = case.get("base") or "http://a.test/b"
            yield f"{base}\n{case['input']}".encode("utf-8", "replace")
            yield case["input"].encode("utf-8", "replace")
    yield from (f"http://a.test/{text}\n{text}".encode() for text in naughty_strings(data))
    for content in files(
        data, "feeds_sitemaps_robots/crawler_commons/normalizer/*", count=2, max_bytes=50_000
    ):
        yield from content.splitlines()[:100]


TARGET = Target(
    run,
    frozenset({REFUSED}),
    (
        b"http://A.test:80/a/../b?as_of=1&c#d\n../e f",
        "https://b\u00fccher.test/\u00e9?\u00e9=%20+&as_of\nq=a&b".encode(),
        b"http://[::1]:8080/%2e%2e/\n//c",
        b"http://user:pass@a.test/",
        b"javascript:alert(1)",
        b"http://0x7f.1\n=",
    ),
    seeds,
    _TOKENS,
    2_048,
)
