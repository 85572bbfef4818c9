"""Hosts in trouble: what is sent to them, how long they are waited for, and how the next run goes on."""

import datetime as dt

import polars as pl

from webdata_assets_tests.crawl.harness import HOST, START, Crawling, outcomes, source_of, urls
from webdata_assets_tests.site.answers import in_turn, links, page, status

BREAKER = {"min_requests": 5, "probe_seconds": 15, "max_wait_seconds": 60, "window_seconds": 3_600}


def down(count: int) -> list[str]:
    return [f"p{number:03}" for number in range(count)]


def test_while_the_breaker_is_open_only_probes_are_sent(crawling: Crawling) -> None:
    paths = down(40)
    for path in paths:
        crawling.site.add(f"/{path}", status(503))
    source = source_of(urls(*paths), breaker=BREAKER, robots="ignore", concurrency=1, max_attempts=9)
    result = crawling.run(source)
    # five requests open it, and in the 60 seconds that it is waited for four probes are due
    assert len(crawling.site.targets()) == 5 + 4
    assert result.finish_reason == "paused"
    assert set(outcomes(result).values()) == {"deferred"}
    assert result.pages["reason"].unique().to_list() == [
        f"{HOST} is down: its breaker has been open for 60 s"
    ]


def test_a_host_that_comes_back_is_crawled_to_the_end(crawling: Crawling) -> None:
    paths = down(20)
    for path in paths:
        crawling.site.add(f"/{path}", page(path))
    for path in paths[:5]:
        crawling.site.add(f"/{path}", in_turn(status(500), page(path)))
    source = source_of(urls(*paths), breaker=BREAKER, robots="ignore", concurrency=1, max_attempts=9)
    result = crawling.run(source)
    assert set(outcomes(result).values()) == {"fetched"}
    assert result.finish_reason == "complete"


def test_the_next_run_goes_on_where_a_paused_one_stopped(crawling: Crawling) -> None:
    paths = down(30)
    for number, path in enumerate(paths):
        crawling.site.add(f"/{path}", page(path) if number < 4 else status(502))
    source = source_of(urls(*paths), breaker=BREAKER, robots="ignore", concurrency=1, max_attempts=9)
    paused = crawling.run(source, keep_spool=True)
    assert paused.counts == {"fetched": 4, "deferred": 26}
    crawling.site.log.clear()
    for path in paths[4:]:
        crawling.site.add(f"/{path}", page(path))
    later = dt.datetime(2026, 6, 2, 18, tzinfo=dt.UTC)
    finished = crawling.run(source, now=later)
    assert finished.counts == {"fetched": 30}
    assert finished.resumed == 4
    assert sorted(crawling.site.targets()) == [f"/{path}" for path in paths[4:]]


def test_other_hosts_go_on_while_one_is_down(crawling: Crawling) -> None:
    crawling.site.add("/a", page("a"))
    gone = [f"http://127.0.0.9:1/{number}" for number in range(3)]
    source = source_of(
        {"by": "urls", "start": [START + "a", *gone]}, breaker=BREAKER | {"min_requests": 2}, robots="ignore"
    )
    result = crawling.run(source)
    assert result.counts == {"fetched": 1, "deferred": 3}


def test_a_list_that_was_deferred_makes_no_page_gone(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a"))
    crawling.site.add("/a", page("a"))
    rule = {"by": "listing", "start": [START], "items": "a"}
    first = crawling.run(source_of(rule, robots="ignore"))
    crawling.site.add("/", status(503))
    paused = crawling.run(
        source_of(rule, robots="ignore", breaker=BREAKER | {"min_requests": 1}, max_attempts=9),
        date=dt.date(2026, 6, 3),
        after=first.pages,
    )
    assert outcomes(paused) == {"/": "deferred", "/a": "deferred"}


def test_robots_that_cannot_be_had_defer_the_host(crawling: Crawling) -> None:
    crawling.site.add("/robots.txt", status(503))
    crawling.site.add("/a", page("a"))
    result = crawling.run(source_of(urls("a"), breaker=BREAKER))
    assert outcomes(result) == {"/a": "deferred"}
    assert "robots.txt" in result.pages["reason"].item()
    assert crawling.site.targets() == []


def test_robots_that_come_back_let_the_crawl_begin(crawling: Crawling) -> None:
    crawling.site.add("/robots.txt", in_turn(status(503), status(503), status(404)))
    crawling.site.add("/a", page("a"))
    result = crawling.run(source_of(urls("a"), breaker=BREAKER))
    assert outcomes(result) == {"/a": "fetched"}
    assert crawling.page(result, "a")["attempts"] == 1


def test_retries_of_a_partition_have_a_budget(crawling: Crawling) -> None:
    paths = down(60)
    for path in paths:
        crawling.site.add(f"/{path}", status(500))
    source = source_of(
        urls(*paths),
        robots="ignore",
        retry_budget=0,
        max_attempts=3,
        breaker=BREAKER | {"min_requests": 10_000},
    )
    result = crawling.run(source)
    assert result.counts == {"failed": 60}
    assert result.retries == 50
    assert len(crawling.site.targets()) == 60 + 50
    spent = result.pages.filter(pl.col("reason").str.contains("fetch.retry_budget"))
    assert 0 < spent.height <= 60


def test_tries_survive_the_run_that_made_them(crawling: Crawling) -> None:
    crawling.site.add("/a", status(500))
    crawling.site.add("/b", status(500))
    crawling.spool.append(
        [
            (
                b'{"url":"%ba","outcome":"retry","attempts":2,"way":0,"first_tried_at":"2026-06-02T11:00:00+00:00",'
                b'"not_before":"2026-06-02T12:00:30+00:00","after_seconds":40.0}' % START.encode(),
                None,
            )
        ]
    )
    result = crawling.run(source_of(urls("a", "b"), robots="ignore", max_attempts=3, concurrency=1))
    assert crawling.site.count("/a") == 1
    assert crawling.site.count("/b") == 3
    row = crawling.page(result, "a")
    assert row["attempts"] == 3
    letter = result.dead_letters.row(by_predicate=pl.col("url") == START + "a", named=True)
    assert letter["first_tried_at"] == dt.datetime(2026, 6, 2, 11, tzinfo=dt.UTC)
    assert 30 in [round(seconds) for seconds in crawling.clock.slept]


def test_a_dropped_url_is_not_asked_for_wherever_it_is_named(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a", "/b"))
    crawling.site.add("/a", page("a"))
    result = crawling.run(source_of({"by": "links", "start": [START]}), dropped={START + "b"})
    assert outcomes(result) == {"/": "fetched", "/a": "fetched", "/b": "skipped"}
    assert crawling.site.count("/b") == 0
