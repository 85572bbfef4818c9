"""JSON listings: which page is the next.

The first byte of an input chooses how the listing says so; its first line may be a Link header.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.sources.discover import DiscoverApi
from webdata_assets.stages.crawl.discovery.api import discover_api
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.link_header import parse_link_header
from webdata_assets_tests.fuzz.found_urls import URL, check_found
from webdata_assets_tests.fuzz.mutators import behind_first_byte, shuffled
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import TOO_LARGE, UNREADABLE, Mutate, Target

_START = ("http://a.test/items?page=1",)
_RULES = tuple(
    DiscoverApi.model_validate({"by": "api", "start": _START, **keys})
    for keys in (
        {"link_header": True},
        {"cursor": "next"},
        {"cursor": "links[?rel=='next'].href | [0]"},
        {"page_param": "page", "items": "items"},
        {"offset_param": "offset", "items": "@"},
        {"cursor": "max_by(items, &id).id"},
        {"cursor": "to_number(next) || join('', items)"},
        {},
    )
)
_MAX_BYTES = 2_048
_TOKENS = (
    "<http://a.test/?page=2>", "<?page=2>", '; rel="next"', "; rel=next", "; anchor=x", ", ", ";", "=", '"',
    "\\",
    '{"next":', '"items":[', "[", "]", "{", "}", "null", "true", "0", "1e999", "-1", '"http://[/"',
    '"//b.test"',
    '"javascript:1"', '{"id":', '"links":[{"rel":"next","href":', "9" * 25, '"\\ud800"', "\ufeff", "\n",
)  # fmt: skip
_WORDS = [token.encode() for token in _TOKENS]


def run(data: bytes) -> None:
    rule = _RULES[(data[:1] or b"\0")[0] % len(_RULES)]
    head, separator, body = data[1:].partition(b"\n")
    if not separator:
        head, body = b"", head
    link = head.decode("utf-8", "replace")
    page = Page(URL, body, "application/json", {"link": link})
    found = discover_api(rule, page, requested_url=URL)
    assert len(found) <= 1
    check_found(found, 1)
    for target in parse_link_header(link):
        assert target.target in link


def mutate_words(data: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    size = rng.choice((1, 4, 16))
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(shuffled(pieces, _WORDS, rng, mutate))


def seeds(data: Path) -> Iterator[bytes]:
    for number, body in enumerate(
        files(data, "hostile_inputs/JSONTestSuite/*/*", count=200, max_bytes=_MAX_BYTES - 2)
    ):
        yield bytes([number % len(_RULES)]) + b"\n" + body


TARGET = Target(
    run,
    frozenset({UNREADABLE, TOO_LARGE}),
    (
        b'\x00<?page=2>; rel="prev next"; title="a, b", <c>\n[]',
        b'\x01\n{"next": "http://b.test/2"}',
        b'\x01\n{"next": 12345678901234567890}',
        b'\x02\n{"links": [{"rel": "next", "href": "javascript:1"}]}',
        b'\x03\n{"items": [1]}',
        b"\x04\n[{}, {}]",
        b'\x05\n{"items": [{"id": 1}, {"id": "a"}]}',
        b'\x06\n{"next": "1e999", "items": [null]}',
        b"\x01\n" + b"[" * 1_500,
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    behind_first_byte(mutate_words),
)
