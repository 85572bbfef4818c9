"""Many pages through extract → clean → features: none is lost, and memory is that of the records."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets_tests.assets.scale import COPY_EVERY, EMPTY_EVERY, UNTITLED_EVERY, make
from webdata_assets_tests.deployment import REPOSITORY

MB_AT_START = 500
MB_PER_THOUSAND_PAGES = 30
"""A page's record is about 10 KB here; it is in memory twice while a whole partition is checked."""


def run(folder: Path, pages: int) -> dict[str, object]:
    """Return what became of so many pages, in a process whose memory began without them."""
    make(folder, pages)
    program = [sys.executable, "-m", "webdata_assets_tests.assets.scale", "run", str(folder)]
    done = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    report = json.loads(done.stdout.splitlines()[-1])
    print(report)
    return report


def expected(pages: int) -> dict[str, int]:
    """Return what must be put aside, by rule, as the pages were made."""
    numbers = range(pages)
    empty = {n for n in numbers if n % EMPTY_EVERY == 1}
    untitled = {n for n in numbers if n % UNTITLED_EVERY == 1} - empty
    bad = empty | untitled
    copies = {n for n in numbers if n % COPY_EVERY == 1 and n not in bad and n - 1 not in bad}
    return {"duplicate": len(copies), "extract": len(empty), "required": len(untitled)}


def check(report: dict[str, object], pages: int) -> None:
    put_aside = expected(pages)
    assert (report["success"], report["failed_checks"]) == (True, [])
    assert report["put_aside"] == put_aside
    assert report["records"] == report["features"] == pages - sum(put_aside.values())
    assert report["urls_put_aside"] == sum(put_aside.values())
    assert int(str(report["rss_mb"])) < MB_AT_START + MB_PER_THOUSAND_PAGES * pages / 1_000
    assert int(str(report["worker_rss_mb"])) < 300


@pytest.mark.slow
def test_some_hundred_pages_reconcile(tmp_path: Path) -> None:
    # more than are made and stored at once
    check(run(tmp_path, 320), 320)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_a_hundred_thousand_pages_reconcile_in_bounded_memory(tmp_path: Path) -> None:
    check(run(tmp_path, 100_000), 100_000)
