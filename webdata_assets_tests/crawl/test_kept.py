"""The repair of a partition: what is stored stands, what is missing is requested, and nothing else."""

import polars as pl
import pytest

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.kept import end_keeping, keep_pages
from webdata_assets.stages.crawl.result import CrawlResult
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

NEXT_DAY = DATE.replace(day=3)


def no_binary(digest: str) -> bytes:
    raise LookupError(digest)


def repair(crawling: Crawling, source: Source, stored: pl.DataFrame, **values: object) -> CrawlResult:
    """Crawl again with what is stored, and forget what was asked before."""
    crawling.site.log.clear()
    keep_pages(crawling.spool, source, stored.iter_slices(2), no_binary)
    return crawling.run(source, **values)  # type: ignore[arg-type]


def asked(crawling: Crawling) -> list[str]:
    return sorted(target for target in crawling.site.targets() if target != "/robots.txt")


def test_only_the_page_that_failed_is_requested_again(crawling: Crawling) -> None:
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", in_turn(status(500), status(500), status(500), page("b")))
    crawling.site.add("/gone", status(404))
    source = source_of(urls("a", "b", "gone"))
    first = crawling.run(source)
    assert outcomes(first) == {"/a": "fetched", "/b": "failed", "/gone": "gone"}
    second = repair(crawling, source, first.pages)
    assert asked(crawling) == ["/b"]
    assert outcomes(second) == {"/a": "fetched", "/b": "fetched", "/gone": "gone"}
    assert second.resumed == 2
    assert second.dead_letters.is_empty()


def test_links_of_stored_pages_lead_on_to_what_is_missing(crawling: Crawling) -> None:
    crawling.site.add("/", links("/list", "/leaf"))
    crawling.site.add("/leaf", page("leaf"))
    crawling.site.add("/list", in_turn(*[status(500)] * 3, links("/deep", "/leaf")))
    crawling.site.add("/deep", page("deep"))
    source = source_of(starting("links"))
    first = crawling.run(source)
    assert outcomes(first)["/list"] == "failed"
    second = repair(crawling, source, first.pages)
    assert asked(crawling) == ["/deep", "/list"]
    clean = crawling.run(source)
    assert hashed(second.pages).equals(hashed(clean.pages))


def test_unchanged_pages_stand_and_so_do_their_links(crawling: Crawling) -> None:
    crawling.site.add(
        "/list", with_validators('<a class="i" href="/a">a</a><a class="i" href="/b">b</a>', etag='"1"')
    )
    crawling.site.add("/a", with_validators("a", etag='"1"'))
    crawling.site.add("/b", in_turn(page("b"), *[status(500)] * 3, page("b, later")))
    source = source_of(starting("listing", "list", items=".i"))
    before = crawling.run(source)
    first = crawling.run(source, date=NEXT_DAY, after=before.pages)
    assert outcomes(first) == {"/list": "unchanged", "/a": "unchanged", "/b": "failed"}
    second = repair(crawling, source, first.pages, date=NEXT_DAY, after=before.pages)
    assert asked(crawling) == ["/b"]
    assert outcomes(second) == {"/list": "unchanged", "/a": "unchanged", "/b": "fetched"}
    kept = pl.col("outcome") == "unchanged"
    assert second.pages.filter(kept).equals(first.pages.filter(kept))


def test_a_page_whose_bytes_are_not_those_of_its_hash_is_fetched_again(crawling: Crawling) -> None:
    for path in ("a", "b"):
        crawling.site.add(f"/{path}", page(path))
    source = source_of(urls("a", "b"))
    first = crawling.run(source)
    is_b = pl.col("url").str.ends_with("/b")
    rotten = first.pages.with_columns(payload=pl.when(is_b).then(pl.lit(b"rot")).otherwise("payload"))
    second = repair(crawling, source, rotten)
    assert asked(crawling) == ["/b"]
    assert hashed(second.pages).equals(hashed(first.pages))


@pytest.mark.parametrize("kept", [b"an image", b"another", None])
def test_a_binary_stands_if_its_bytes_are_kept(crawling: Crawling, kept: bytes | None) -> None:
    crawling.site.add("/image", page(b"an image", content_type="image/png"))
    source = source_of(urls("image"))
    first = crawling.run(source)
    stored = first.pages.with_columns(payload=None, in_blobs=True)

    def load(_: str) -> bytes:
        if kept is None:
            raise LookupError
        return kept

    assert keep_pages(crawling.spool, source, [stored], load) == (kept == b"an image")


def test_a_page_that_only_looks_gone_and_an_empty_list_are_asked_again(crawling: Crawling) -> None:
    soft = page("<title>404 Not Found</title><h1>Page not found</h1>")
    crawling.site.add("/list", in_turn(page("nothing yet"), page('<a class="i" href="/a">a</a>')))
    crawling.site.add("/a", in_turn(soft, page("<title>a</title><p>A text of its own")))
    source = source_of(urls("a"), starting("listing", "list", items=".i"))
    first = crawling.run(source)
    assert outcomes(first) == {"/a": "gone", "/list": "fetched"}
    second = repair(crawling, source, first.pages)
    assert asked(crawling) == ["/a", "/list"]
    assert outcomes(second) == {"/a": "fetched", "/list": "fetched"}


def test_what_left_the_frontier_is_not_in_the_result(crawling: Crawling) -> None:
    for path in ("a", "b"):
        crawling.site.add(f"/{path}", page(path))
    first = crawling.run(source_of(urls("a")))
    second = repair(crawling, source_of(urls("b")), first.pages)
    assert outcomes(second) == {"/b": "fetched"}


def test_a_repair_that_was_killed_keeps_what_it_had_fetched(crawling: Crawling) -> None:
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", in_turn(*[status(500)] * 3, page("b")))
    source = source_of(urls("a", "b"))
    first = crawling.run(source)
    repair(crawling, source, first.pages, keep_spool=True)
    again = repair(crawling, source, first.pages, keep_spool=True)
    assert asked(crawling) == []
    assert outcomes(again) == {"/a": "fetched", "/b": "fetched"}


def test_after_a_repair_that_ended_paused_the_next_one_asks_again_what_failed(crawling: Crawling) -> None:
    crawling.site.add("/a", page("a"))
    crawling.site.add("/b", in_turn(*[status(500)] * 6, page("b")))
    source = source_of(urls("a", "b"))
    first = crawling.run(source)
    second = repair(crawling, source, first.pages, keep_spool=True)
    end_keeping(crawling.spool)
    third = repair(crawling, source, second.pages)
    assert asked(crawling) == ["/b"]
    assert outcomes(third) == {"/a": "fetched", "/b": "fetched"}


def test_the_spool_of_a_source_with_jobs_is_left_alone(crawling: Crawling) -> None:
    crawling.spool.note("job 0 http://site.test/", {"job": "1"})
    jobs = source_of({"by": "job", "start": [START], "name": "someone/actor"}, via="apify")
    assert keep_pages(crawling.spool, jobs, [], no_binary) == 0
    assert crawling.spool.read_note("job 0 http://site.test/") == {"job": "1"}
