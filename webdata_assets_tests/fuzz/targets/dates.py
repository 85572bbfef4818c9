"""Dates written in running text, and the day of publication that a page's own words give."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from webdata_assets.stages.extract.dating.patterns import days_in
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.published import modification_of, publication_of
from webdata_assets_tests.fuzz.mutators import markup_mutator
from webdata_assets_tests.fuzz.seeds import files
from webdata_assets_tests.fuzz.target import UNREADABLE, Target

_MAX_BYTES = 3_000
_CONTEXT = PageContext("article", dt.date(2026, 6, 1))
_TOKENS = (
    "<p>", "<time datetime='", "'>", "</time>", "<meta property=article:published_time content='", "<h1>",
    "</h1>",
    "Published ", "Updated: ", "Posted on ", "am ", "le ", "©", "1 May 2026", "May 1, 2026", "1. Mai 2026",
    "01.05.26",
    "05/01/2026", "2026-05-01", "20260501", "/2026/05/01/", "1er mai 2026", "2026年5月1日", "T10:00", "10:00",
    "CEST",
    "31 February", "29.02.", "00.00.0000", "99", "'26", "Monday", "<li class=date>", "<footer>",
    "<span class=comment>",
    "<script>", '"datePublished":"', "<a href='/2026/05/x'>", "<img src='/2026/05/01/a.jpg'>", "<title>",
    "</title>",
)  # fmt: skip


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for month_first in (True, False):
        for day in days_in(text, month_first=month_first, short_years=month_first):
            assert 0 <= day.start < day.end <= len(text)
    page = parse_document("http://a.test/2026/05/x", data, "text/html", "html")
    for found in (publication_of(page, _CONTEXT), modification_of(page, _CONTEXT)):
        if found is not None:
            assert found.moment.utcoffset() == dt.timedelta(0)
            assert abs((found.moment.date() - found.date).days) <= 1, f"{found.moment} is not on {found.date}"


def seeds(data: Path) -> Iterator[bytes]:
    for page in files(data, "htmldate_eval/html/*", "trafilatura_eval/html/*", count=150, max_bytes=400_000):
        at = max(page.find(b"<time"), page.find(b"datePublished"), page.find(b'class="date'), 200)
        yield page[at - 200 : at - 200 + _MAX_BYTES]


TARGET = Target(
    run,
    frozenset({UNREADABLE}),
    (
        b"<title>A</title><h1>A</h1><p>Published 1 May 2026, updated 3/4/2026</p>",
        b"<time datetime='0001-01-01T00:00:00+14:00'>1</time>",
        b"<time datetime='9999-12-31T23:59:59-12:00'>2</time>",
        "<p>31. Februar 2026, 29.02.2025, 1er mai 26, 2026年5月1日, ２０２６-05-01</p>".encode(),
        b'<script>{"datePublished":"2026-05-01"}</script><img src=/2026/13/45/a.jpg>',
    ),
    seeds,
    _TOKENS,
    _MAX_BYTES,
    markup_mutator(_TOKENS),
)
