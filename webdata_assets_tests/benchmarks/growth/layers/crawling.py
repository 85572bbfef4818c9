"""Crawling: the frontier, pages as they are new, unchanged or listed, through the real engine."""

from collections.abc import Callable
from pathlib import Path

from webdata_assets_tests.benchmarks.growth.material import FIRST, SECOND, frontier, pages, visits
from webdata_assets_tests.benchmarks.growth.running import declare, ready_run, settings_of, store_of, write
from webdata_assets_tests.benchmarks.growth.site import HOST, GrowthFetcher

Work = Callable[[], dict[str, float]]


def _crawl(folder: Path, *assets: str, size: int, version: int = 1) -> Work:
    settings = settings_of(folder)
    site = GrowthFetcher(
        user_agent=settings.user_agent, rates=str(settings.rates), version=version, pages=size
    )
    partition = FIRST if version == 1 else SECOND
    return ready_run(folder, *assets, partition=partition, resources={"fetcher": site})


def _prepare_frontier(folder: Path, size: int) -> None:
    declare(folder)
    write(store_of(folder), "pages", visits(range(size)))


def _prepare_pages(folder: Path, size: int) -> None:
    declare(folder)
    write(store_of(folder), "frontier", frontier(range(size)))


def _prepare_recrawl(folder: Path, size: int) -> None:
    # a feed does not name all of its pages: those that it left out are visited all the same
    declare(folder, fetch={"discover": [{"by": "feed", "start": [f"{HOST}/feed/0"]}]})
    write(store_of(folder), "pages", pages(range(size)))
    _crawl(folder, "frontier", size=size, version=2)()


def _prepare_listing(folder: Path, size: int) -> None:
    rule = {"by": "listing", "start": [f"{HOST}/list/0"], "items": "li a", "next": "a.next"}
    declare(folder, fetch={"discover": [rule]})
    _crawl(folder, "frontier", size=size)()


PREPARE: dict[str, Callable[[Path, int], None]] = {
    "frontier": _prepare_frontier,
    "pages": _prepare_pages,
    "recrawl": _prepare_recrawl,
    "listing": _prepare_listing,
}
READY: dict[str, Callable[[Path, int], Work]] = {
    "frontier": lambda folder, size: _crawl(folder, "frontier", size=size, version=2),
    "pages": lambda folder, size: _crawl(folder, "pages", "dead_letters", size=size),
    "recrawl": lambda folder, size: _crawl(folder, "pages", "dead_letters", size=size, version=2),
    "listing": lambda folder, size: _crawl(folder, "pages", "dead_letters", size=size),
}
