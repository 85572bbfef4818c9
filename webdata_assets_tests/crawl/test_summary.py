"""A crawl at a glance: which URLs are named, and what is counted."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.schemas.pages import OUTCOMES, PAGES
from webdata_assets.stages.crawl.summary import UNREAD, WORST_DEFERRED, WORST_FAILED, WORST_SLOW, summarise

Row = tuple[str, str, int | None, str | None, int, int | None]
SCHEMA = PAGES.empty().drop(UNREAD).schema


def pages(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=list(SCHEMA), orient="row", infer_schema_length=None).select(
        pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()
    )


def page(number: int, outcome: str = "fetched", attempts: int = 1, ms: int | None = 10) -> Row:
    url = f"http://{number % 3}.test/{number:03}"
    reason = None if outcome in ("fetched", "unchanged") else f"{outcome} for a reason"
    # in the order of the schema's columns
    values = {
        "url": url, "outcome": outcome, "reason": reason, "attempts": attempts, "elapsed_ms": ms,
        "http_status": {"fetched": 200, "failed": 500}.get(outcome),
    }  # fmt: skip
    return tuple(values[name] for name in SCHEMA)  # type: ignore[return-value]


def test_failed_urls_come_first_by_tries_then_deferred_then_slow_ones() -> None:
    rows = [
        page(1, "failed", attempts=2), page(2, "failed", attempts=9), page(3, "deferred", 0, None),
        page(4, ms=7_000), page(5, "unchanged", ms=9), page(6, ms=8_000),
    ]  # fmt: skip
    worst = summarise([pages(*rows)]).worst
    assert [url[-3:] for url in worst["url"]] == ["002", "001", "003", "006", "004", "005"]


def test_of_each_kind_only_so_many_are_named() -> None:
    rows = [page(n, ("failed", "deferred", "fetched")[n % 3]) for n in range(90)]
    counts = dict(summarise([pages(*rows)]).worst.group_by("outcome").len().iter_rows())
    assert counts == {"failed": WORST_FAILED, "deferred": WORST_DEFERRED, "fetched": WORST_SLOW}


def test_statuses_are_counted_by_outcome() -> None:
    rows = [page(1), page(2), page(3, "failed"), page(4, "gone")]
    assert summarise([pages(*rows)]).statuses.rows() == [
        ("fetched", 200, 2), ("failed", 500, 1), ("gone", None, 1),
    ]  # fmt: skip


def test_deferred_urls_are_counted_by_host_and_reason() -> None:
    rows = [page(n, "deferred", 0, None) for n in (0, 3, 4)] + [page(1)]
    assert sorted(summarise([pages(*rows)]).waiting.select("host", "urls").rows()) == [
        ("0.test", 2), ("1.test", 1),
    ]  # fmt: skip


def test_no_pages_have_no_numbers() -> None:
    summary = summarise([])
    assert (summary.median_seconds, summary.slowest_seconds) == (0.0, 0.0)
    assert summary.worst.is_empty()
    assert summary.waiting.is_empty()


VISITS = st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 9), st.none() | st.integers(0, 99_999))


@given(st.lists(VISITS, max_size=60), st.integers(1, 20))
def test_the_summary_of_parts_is_that_of_the_whole(
    visits: list[tuple[str, int, int | None]], size: int
) -> None:
    frame = pages(*(page(n, *visit) for n, visit in enumerate(visits)))
    whole, parts = summarise([frame]), summarise(frame.iter_slices(size))
    assert parts.worst.equals(whole.worst)
    assert parts.statuses.equals(whole.statuses)
    assert parts.waiting.equals(whole.waiting)
    assert (parts.median_seconds, parts.slowest_seconds) == (whole.median_seconds, whole.slowest_seconds)
