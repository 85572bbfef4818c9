"""Processes that outlive their pool: kept for the next run, and for pages of their own source alone."""

import pytest

from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets_tests.extract.making import make_source
from webdata_assets_tests.extract.workers.test_pool import (
    MISBEHAVING,
    extracted,
    is_running,
    page_at,
    pids_of,
)

LIMITS = Limits(page_seconds=31, memory_mb=512)
"""Of these tests alone: processes are kept by their limits."""


def source_named(name):
    rules = {"kind": "item", "python": f"{MISBEHAVING}:behave"}
    return make_source(rules).model_copy(update={"name": name})


def pid_for(name, *, kept):
    with ExtractionPool(1, LIMITS, kept=kept) as pool:
        [pid] = pids_of(extracted(pool, source_named(name), page_at("a")))
    return pid


def test_the_next_pool_of_the_same_source_takes_a_kept_process():
    pid = pid_for("shop", kept=True)
    assert is_running(pid)
    assert pid_for("shop", kept=True) == pid


def test_a_pool_that_keeps_none_starts_and_ends_its_own():
    kept = pid_for("shop", kept=True)
    own = pid_for("shop", kept=False)
    assert own != kept
    assert not is_running(own)
    assert is_running(kept)


@pytest.mark.parametrize("kept", [True, False])
def test_a_process_that_read_a_page_of_one_source_reads_none_of_another(kept):
    with ExtractionPool(1, LIMITS, kept=kept) as pool:
        rounds = [
            [pids_of(extracted(pool, source_named(name), page_at("a"))) for name in ("blog", "wiki")]
            for _ in range(2)
        ]
    blog, wiki = rounds[0]
    assert blog != wiki
    assert rounds[1] == [blog, wiki]


def test_processes_of_many_sources_are_bounded():
    pids = [pid_for(f"source_{number}", kept=True) for number in range(12)]
    assert [is_running(pid) for pid in pids] == [False] * 4 + [True] * 8
