"""robots.txt: any bytes are rules, and a verdict on every URL."""

from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.crawl.politeness.robots_rules import MAX_CRAWL_DELAY_SECONDS, parse_robots
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets_tests.fuzz.mutators import line_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import Target

_AGENT = "webdata-bot/1.0 (+http://a.test)"
_URLS = tuple(
    canonical_url(f"http://a.test{path}")
    for path in ("/", "/a", "/a/b.html", "/a?b=c", "/%61/é", "/%2Fa*$", f"/{'a' * 300}")
)
_MAX_BYTES = 16_384
_TOKENS = (
    "User-agent: *", "User-agent: webdata-bot", "Disallow: /", "Disallow:", "Allow: /a", "Crawl-delay: 5",
    "Disallow: /*?*b=*$", "Allow: /%61/%C3%A9", "Sitemap: http://a.test/s", "#", "*", "$", "Disallow /a",
    "\ufeff", "Crawl-delay: nan", "Crawl-delay: 1e999", "Request-rate: 1/5", "Host: a",
)  # fmt: skip


def run(data: bytes) -> None:
    rules = parse_robots(data, _AGENT)
    verdicts = [rules.verdict(url) for url in _URLS]
    for verdict in verdicts:
        delay = verdict.crawl_delay
        assert delay is None or 0 <= delay <= MAX_CRAWL_DELAY_SECONDS, f"a delay of {delay} s"
    commented = parse_robots(data + b"\n# the end", _AGENT)
    assert [commented.verdict(url) for url in _URLS] == verdicts, "a comment changes the verdicts"


def seeds(data: Path) -> Iterator[bytes]:
    yield from files(data, "feeds_sitemaps_robots/crawler_commons/robots/*", count=100, max_bytes=_MAX_BYTES)


TARGET = Target(
    run,
    frozenset(),
    (
        b"User-agent: *\nDisallow: /a*b$\nAllow: /a/\nCrawl-delay: 2.5\n",
        b"\xef\xbb\xbfuser-agent: webdata-bot\r\ndisalow /\r\rUser-agent: x\nDisallow: \xff\xfe",
        b"Disallow: /" + b"*a" * 200 + b"$\nUser-agent: *\nDisallow: /" + b"*a" * 200 + b"$",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    line_mutator(_TOKENS),
)
