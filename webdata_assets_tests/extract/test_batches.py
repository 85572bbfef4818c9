"""Batches that travel as steps: every page is in one of them, and what they gave arrives as it was sent."""

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.extract.batches import (
    pack_answers,
    pack_templates,
    plan_batches,
    unpack_answers,
    unpack_templates,
)
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.main_content.templates import Templates

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
URLS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.sets(URLS, max_size=40), st.integers(1, 12))
def test_every_page_is_in_one_batch_and_none_is_larger_than_asked(urls: set[str], most: int) -> None:
    batches = plan_batches(pl.LazyFrame({"url": list(urls)}, schema={"url": pl.String}), most)
    held = {
        batch.number: [url for url in urls if batch.first_url <= url <= batch.last_url] for batch in batches
    }
    assert sorted(url for each in held.values() for url in each) == sorted(urls)
    assert [len(each) for each in held.values()] == [batch.pages for batch in batches]
    assert all(batch.pages <= most for batch in batches)


@given(st.lists(st.tuples(URLS, st.dates(), JSON), max_size=6))
def test_answers_arrive_as_they_were_sent(sent: list[tuple[str, dt.date, object]]) -> None:
    pages = [Payload(url, url, "text/html", b"body", "a" * 64, date) for url, date, _ in sent]
    answers = [answer for *_, answer in sent]
    arrived = list(unpack_answers(pack_answers(zip(pages, answers, strict=True))))
    assert [answer for _, answer in arrived] == answers
    assert [(page.url, page.payload_hash, page.payload_date, page.body) for page, _ in arrived] == [
        (page.url, page.payload_hash, page.payload_date, b"") for page in pages
    ]


def test_templates_arrive_as_they_were_sent() -> None:
    templates = Templates({"a.test": frozenset({b"\x00" * 12, b"\xff" * 12}), "b.test": frozenset()})
    assert unpack_templates(pack_templates(templates)) == templates
