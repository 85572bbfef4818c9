"""Structured data: JSON-LD however broken, microdata, RDFa and meta elements of a page."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.structured import load_jsonld
from webdata_assets_tests.fuzz.mutators import markup_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import UNREADABLE, Target
from webdata_assets_tests.fuzz.tokens import MARKUP

_MAX_BYTES = 4_096
_TOKENS = (
    *MARKUP,
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "\\",
    "\\u",
    "//",
    "/*",
    "*/",
    "'",
    "null",
    "NaN",
    "&quot;",
)


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    value = load_jsonld(text)
    # what was mended is sound JSON, and is read as the same
    written = orjson.dumps(value)
    assert load_jsonld(written.decode()) == value, "sound JSON is read otherwise"
    assert len(written) <= 20 * len(data) + 100, f"{len(written)} bytes out of {len(data)}"
    found = parse_document("http://a.test/", data, "text/html", "html").structured
    orjson.dumps([found.items, found.meta, found.opengraph])


def seeds(data: Path) -> Iterator[bytes]:
    for suffix in ("html", "json", "jsonld"):
        yield from files(data, f"extruct_samples/**/*.{suffix}", count=50, max_bytes=_MAX_BYTES)
    yield from files(data, "hostile_inputs/JSONTestSuite/*/*", count=100, max_bytes=_MAX_BYTES)
    for page in files(
        data, "recipe_scrapers_sample/*/*.html*", "wcxb/dev/html/*", count=100, max_bytes=400_000
    ):
        _, opening, script = page.partition(b"application/ld+json")
        if opening:
            yield script.partition(b">")[2].partition(b"</script")[0][:_MAX_BYTES]


TARGET = Target(
    run,
    frozenset({UNREADABLE}),
    (
        b'{"a": [1, 2,], /* x */ \'b\': "c" "d": "e"f"}',
        b"<!-- {&quot;@type&quot;: &quot;Article&quot;} -->",
        b'{"a": 1e999, "b": 123456789012345678901234567890, "c": "\\ud800"}',
        b"[[[[[{{{{{}}]]",
        b"<i itemscope itemtype=http://schema.org/Article itemref='a a'><b id=a itemprop='x y'>1",
        b"<i typeof='Article s:Thing' about=''><b property=a:b>1</b><meta name=a content=b>",
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    markup_mutator(_TOKENS),
)
