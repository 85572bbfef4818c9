"""Spiders that do not end by themselves, are killed, or outlive the process that waits for them."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets_tests.crawl.spiders.harness import (
    DATE,
    DeadlineClock,
    Shelf,
    job_rule,
    jobs_of,
    source_of,
)


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with Shelf().serving() as serving:
        serving.delay = 0.05
        yield serving


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    give_up = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def spider_of(job: str) -> int:
    """The process of a job's spider, which has the job's name in its arguments."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if job.encode() in arguments and b"runspider" in arguments:
                return int(entry.name)
    raise AssertionError(f"no spider of {job}")


@pytest.mark.parametrize("stubborn", [pytest.param("false", marks=pytest.mark.soak), "true"])
async def test_an_endless_spider_is_ended_at_the_deadline_with_all_that_it_started(
    shelf: Shelf, tmp_path: Path, stubborn: str
) -> None:
    pids = tmp_path / "pids"
    rule = job_rule(
        "files/endless.py", shelf.url, input={"pids": str(pids), "stubborn": stubborn}, timeout_seconds=40
    )
    jobs = jobs_of(source_of(), tmp_path, clock=DeadlineClock(pids))
    job = await jobs.start(rule, shelf.url, DATE)
    with pytest.raises(PermanentError, match="did not end within 40 s") as raised:
        await anext(jobs.results(rule, job, None))
    assert raised.value.failure_domain is FailureDomain.TARGET
    await until(lambda: not is_alive(int(pids.read_text())))
    with pytest.raises(AssertionError, match="no spider"):
        spider_of(job)


async def test_a_spider_that_is_killed_is_run_anew_and_hands_each_item_over_once(
    shelf: Shelf, tmp_path: Path
) -> None:
    rule = job_rule("files/walking.py", f"{shelf.url}chain/0")
    jobs = jobs_of(source_of(), tmp_path)
    job = await jobs.start(rule, rule.start[0], DATE)
    waiting = asyncio.ensure_future(anext(jobs.results(rule, job, None)))
    await until(lambda: shelf.paths["/chain/4"] == 1)
    os.kill(spider_of(job), signal.SIGKILL)
    with pytest.raises(TransientError, match="killed by SIGKILL") as raised:
        await waiting
    assert raised.value.failure_domain is FailureDomain.RESOURCE
    batch = await anext(jobs.results(rule, job, None))
    assert [page.url for page in batch.pages] == [f"{shelf.url}chain/{number}" for number in range(10)]


async def test_a_spider_that_is_stopped_from_outside_is_worth_another_try(
    shelf: Shelf, tmp_path: Path
) -> None:
    rule = job_rule("files/walking.py", f"{shelf.url}chain/0")
    jobs = jobs_of(source_of(), tmp_path)
    job = await jobs.start(rule, rule.start[0], DATE)
    waiting = asyncio.ensure_future(anext(jobs.results(rule, job, None)))
    await until(lambda: shelf.paths["/chain/2"] == 1)
    os.kill(spider_of(job), signal.SIGTERM)
    with pytest.raises(TransientError, match="stopped from outside"):
        await waiting


async def test_a_crawl_that_is_cancelled_ends_its_spider(shelf: Shelf, tmp_path: Path) -> None:
    rule = job_rule("files/walking.py", f"{shelf.url}chain/0")
    jobs = jobs_of(source_of(), tmp_path)
    job = await jobs.start(rule, rule.start[0], DATE)
    waiting = asyncio.ensure_future(anext(jobs.results(rule, job, None)))
    await until(lambda: shelf.paths["/chain/2"] == 1)
    pid = spider_of(job)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not is_alive(pid)


async def test_a_spider_that_outlives_a_killed_crawl_is_waited_for_and_not_run_twice(
    shelf: Shelf, tmp_path: Path
) -> None:
    module = "webdata_assets_tests.crawl.spiders.outlived"
    start_url = f"{shelf.url}chain/0"
    crawl = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(tmp_path), start_url, stdout=asyncio.subprocess.PIPE
    )
    assert crawl.stdout is not None
    job = (await crawl.stdout.readline()).decode().strip()
    await until(lambda: shelf.paths["/chain/2"] == 1)
    crawl.kill()
    await crawl.wait()
    rule = job_rule("files/walking.py", start_url)
    batch = await anext(jobs_of(source_of(), tmp_path).results(rule, job, None))
    assert [page.url for page in batch.pages] == [f"{shelf.url}chain/{number}" for number in range(10)]
    assert {path: count for path, count in shelf.paths.items() if count > 1} == {}


async def test_a_job_whose_folder_is_gone_is_started_anew_by_a_person(tmp_path: Path) -> None:
    jobs = jobs_of(source_of(), tmp_path)
    for job in ("books-2026-06-02-abc", "../elsewhere"):
        with pytest.raises(PermanentError, match="is gone"):
            await anext(jobs.results(job_rule("files/walking.py"), job, None))
