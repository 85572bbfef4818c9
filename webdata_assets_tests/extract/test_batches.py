"""Batches that travel as steps: every page is in one of them."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.extract.batches import plan_batches

URLS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.sets(URLS, max_size=40), st.integers(1, 12))
def test_every_page_is_in_one_batch_and_none_is_larger_than_asked(urls: set[str], most: int) -> None:
    pages = pl.LazyFrame({"url": list(urls)}, schema={"url": pl.String})
    batches = plan_batches(pages, most)
    held = [batch.rows_of(pages).collect()["url"].to_list() for batch in batches]
    assert sorted(url for each in held for url in each) == sorted(urls)
    assert [len(each) for each in held] == [batch.pages for batch in batches]
    assert all(batch.pages <= most for batch in batches)
