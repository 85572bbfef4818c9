"""The second visit: what is unchanged, what is gone, what is asked for conditionally."""

import datetime as dt

import polars as pl

from webdata_assets_tests.crawl.harness import (
    DATE,
    START,
    Crawling,
    hashed,
    outcomes,
    source_of,
    starting,
    urls,
)
from webdata_assets_tests.site.answers import in_turn, links, page, status, with_validators

NEXT = DATE + dt.timedelta(days=1)
TOMORROW = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)


def test_a_304_keeps_the_old_payload_date(crawling: Crawling) -> None:
    crawling.site.add("/page", with_validators("same", etag='"1"'))
    source = source_of(urls("page"))
    first = crawling.run(source)
    second = crawling.run(source, date=NEXT, after=first.pages, now=TOMORROW)
    old, new = crawling.page(first, "page"), crawling.page(second, "page")
    assert (new["outcome"], new["http_status"], new["payload"]) == ("unchanged", 304, None)
    assert (new["payload_hash"], new["payload_date"]) == (old["payload_hash"], DATE)
    assert new["etag"] == '"1"'
    assert crawling.site.last("/page").headers["if-none-match"] == '"1"'


def test_validators_survive_a_row_of_304s(crawling: Crawling) -> None:
    crawling.site.add("/page", with_validators("same", etag='"1"'))
    source = source_of(urls("page"))
    pages = crawling.run(source).pages
    for days in (1, 2):
        date = DATE + dt.timedelta(days=days)
        pages = crawling.run(source, date=date, after=pages, now=TOMORROW + dt.timedelta(days=days)).pages
    assert pages.select("outcome", "payload_date", "etag").row(0) == ("unchanged", DATE, '"1"')


def test_last_modified_is_sent_back(crawling: Crawling) -> None:
    moment = "Mon, 01 Jun 2026 10:00:00 GMT"
    crawling.site.add("/page", in_turn(page("x", headers={"Last-Modified": moment}), status(304)))
    source = source_of(urls("page"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert crawling.page(second, "page")["outcome"] == "unchanged"
    assert crawling.page(second, "page")["last_modified"] == moment
    assert crawling.site.last("/page").headers["if-modified-since"] == moment


def test_the_same_bytes_are_unchanged_and_others_are_fetched(crawling: Crawling) -> None:
    crawling.site.add("/same", page("same"))
    crawling.site.add("/other", in_turn(page("old"), page("new")))
    source = source_of(urls("same", "other"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/other": "fetched", "/same": "unchanged"}
    assert crawling.page(second, "same")["payload_date"] == DATE
    assert crawling.page(second, "other")["payload"] == b"new"


def test_the_links_of_an_unchanged_list_are_found_in_its_stored_payload(crawling: Crawling) -> None:
    crawling.site.add("/list", with_validators('<a class="i" href="/a">a</a>', etag='"1"'))
    crawling.site.add("/a", in_turn(page("old"), page("new")))
    source = source_of(starting("listing", "list", items=".i"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/a": "fetched", "/list": "unchanged"}


def test_an_unchanged_list_whose_bytes_are_lost_is_fetched_again(crawling: Crawling) -> None:
    crawling.site.add("/list", with_validators('<a class="i" href="/a">a</a>', etag='"1"'))
    crawling.site.add("/a", page("a"))
    source = source_of(starting("listing", "list", items=".i"))
    first = crawling.run(source).pages.with_columns(payload=None)
    second = crawling.run(source, date=NEXT, after=first, now=TOMORROW)
    assert outcomes(second) == {"/a": "unchanged", "/list": "fetched"}


def listing(*paths: str) -> object:
    return page("".join(f'<a class="i" href="/{path}">x</a>' for path in paths))


def test_a_page_that_left_a_complete_listing_is_gone_without_a_request(crawling: Crawling) -> None:
    crawling.site.add("/list", in_turn(listing("a", "b"), listing("a")))
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", page("b"))
    source = source_of(starting("listing", "list", items=".i"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    row = crawling.page(second, "b")
    assert (row["outcome"], row["reason"], row["attempts"]) == ("gone", "no longer listed", 0)
    assert row["why"] == "revisit"
    assert crawling.site.count("/b") == 1


def test_pages_of_a_listing_that_failed_are_visited_and_not_taken_for_gone(crawling: Crawling) -> None:
    crawling.site.add("/list", in_turn(listing("a", "b"), status(500)))
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", in_turn(page("b"), status(404)))
    source = source_of(starting("listing", "list", items=".i"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/a": "unchanged", "/b": "gone", "/list": "failed"}
    assert crawling.page(second, "b")["reason"] == "404 Not Found"


def test_a_listing_that_names_nothing_is_not_believed(crawling: Crawling) -> None:
    crawling.site.add("/list", in_turn(listing("a"), listing()))
    crawling.site.add("/a", page("a"))
    source = source_of(starting("listing", "list", items=".i"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/a": "unchanged", "/list": "fetched"}


def test_pages_that_nothing_links_to_any_more_are_still_visited(crawling: Crawling) -> None:
    crawling.site.add("/", in_turn(links("/a"), links()))
    crawling.site.add("/a", in_turn(links("/b"), links("/b")))
    crawling.site.add("/b", page("b"))
    source = source_of(starting("links"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/": "fetched", "/a": "unchanged", "/b": "unchanged"}


def test_a_revisit_that_is_found_again_is_one_row_at_its_shortest_path(crawling: Crawling) -> None:
    crawling.site.add("/", in_turn(links("/a"), links("/a", "/b")))
    crawling.site.add("/a", links("/b"))
    crawling.site.add("/b", page("b"))
    source = source_of(starting("links"))
    first = crawling.run(source)
    second = crawling.run(source, date=NEXT, after=first.pages, now=TOMORROW)
    assert crawling.page(first, "b")["depth"] == 2
    row = crawling.page(second, "b")
    assert (row["depth"], row["why"], row["outcome"]) == (1, "revisit", "unchanged")
    assert crawling.site.count("/b") == 2


def test_entries_that_left_a_feed_are_still_visited(crawling: Crawling) -> None:
    def feed(*paths: str) -> object:
        items = "".join(f"<item><link>{START}{path}</link></item>" for path in paths)
        return page(f"<rss><channel>{items}</channel></rss>", content_type="application/rss+xml")

    crawling.site.add("/feed", in_turn(feed("a"), feed("b")))
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", page("b"))
    source = source_of(starting("feed", "feed"))
    second = crawling.run(source, date=NEXT, after=crawling.run(source).pages, now=TOMORROW)
    assert outcomes(second) == {"/a": "unchanged", "/b": "fetched", "/feed": "fetched"}


def test_a_past_date_is_asked_for_and_leaves_no_trace_in_the_urls(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a?on=2026-06-02", "/b"))
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", page("b"))
    source = source_of(starting("links"), as_of={"param": "on"})
    later = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    result = crawling.run(source, now=later)
    assert outcomes(result) == dict.fromkeys(["/", "/a", "/b"], "fetched")
    assert crawling.site.targets()[0] == "/?on=2026-06-02"
    assert set(crawling.site.targets()) == {"/?on=2026-06-02", "/a?on=2026-06-02", "/b?on=2026-06-02"}
    end_of_date = dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
    assert result.pages["observed_at"].unique().to_list() == [end_of_date]
    assert result.pages["fetched_at"].unique().to_list() == [later]


def test_a_date_header_goes_with_every_page(crawling: Crawling) -> None:
    crawling.site.add("/page", page("x"))
    source = source_of(urls("page"), as_of={"header": "X-As-Of", "format": "%d.%m.%Y"})
    crawling.run(source)
    assert crawling.site.last("/page").headers["x-as-of"] == "02.06.2026"


def test_two_crawls_of_the_same_content_give_the_same_rows(crawling: Crawling) -> None:
    paths = [f"/{number}" for number in range(30)]
    crawling.site.add("/", links(*paths))
    for path in paths:
        crawling.site.add(path, links(*paths[::3], "/missing"))
    source = source_of(starting("links"), concurrency=8)
    assert hashed(crawling.run(source).pages).equals(hashed(crawling.run(source).pages))


def test_the_page_cap_leaves_the_rest_skipped(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a", "/b", "/c"))
    for path in ("/a", "/b", "/c"):
        crawling.site.add(path, page(path))
    result = crawling.run(source_of(starting("links"), max_pages=3))
    assert result.finish_reason == "capped"
    assert outcomes(result) == {"/": "fetched", "/a": "fetched", "/b": "fetched", "/c": "skipped"}
    assert sorted(crawling.site.targets()) == ["/", "/a", "/b"]


def test_every_url_has_one_row_and_requests_are_counted(crawling: Crawling) -> None:
    crawling.site.add("/", links("/a", "/gone"))
    crawling.site.add("/a", in_turn(status(503), page("a")))
    result = crawling.run(source_of(starting("links")))
    assert result.pages["url"].is_unique().all()
    assert result.requests == len(crawling.site.log) == 5
    assert result.pages.filter(pl.col("outcome") == "gone").height == 1
