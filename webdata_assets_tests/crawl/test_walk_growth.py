"""A level of a walk costs what the level holds, however much came before it."""

import datetime as dt
from pathlib import Path

import pytest

from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.crawl.discovery import Found
from webdata_assets.stages.crawl.frontier import plan_frontier
from webdata_assets.stages.crawl.spool import Place
from webdata_assets.stages.crawl.walk import Walk
from webdata_assets_tests.crawl.harness import START, source_of, starting

DATE = dt.date(2026, 6, 2)
ITEMS = 5
STEPS = 50


def walked(folder: Path, lists: int, per_host: int | None) -> tuple[int, int]:
    """Walk a chain of lists; return how many URLs there were, and how much the database had to do."""
    source = source_of(starting("listing", "list-0", items="a", next="a.next"))
    walk = Walk(source, DATE, plan_frontier(source, DATE, PAGES.empty()), folder)
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    walk._database.set_progress_handler(count, STEPS)
    at = 0
    while hosts := walk.begin_level():
        walk.cap_level(10_000_000, per_host)
        for host in hosts:
            for node, _ in walk.level_of(host):
                if node.reads_links:
                    at += 1
                    items = [Found(f"{START}{at}-{number}", "content") for number in range(ITEMS)]
                    following = [Found(f"{START}list-{at}", "discovery")] if at < lists else []
                    walk.add(node, items + following)
                walk.visited.record(node.url, "fetched", b"{}", Place("", 0, -1))
        walk.end_level()
        assert walk.visited.finished <= len(walk)
    known = len(walk)
    assert walk.visited.finished == known
    walk.close()
    return known, done


@pytest.mark.parametrize("per_host", [None, 1_000_000], ids=["one cap", "a cap of hosts too"])
def test_ten_times_the_lists_are_ten_times_the_work(tmp_path: Path, per_host: int | None):
    few, many = walked(tmp_path, 40, per_host), walked(tmp_path, 400, per_host)
    assert (few[0], many[0]) == (40 * (ITEMS + 1), 400 * (ITEMS + 1))
    assert many[1] < 12 * few[1]
