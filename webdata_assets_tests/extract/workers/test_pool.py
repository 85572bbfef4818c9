"""Pages that kill their parser: each is a failure with its reason, and its batch-mates do not notice."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.extract.extraction import joined
from webdata_assets.stages.extract.extractor import extract_pages
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets_tests.extract.making import make_json_payload, make_payload, make_source
from webdata_assets_tests.extract.workers.hostile import BOMBS, bomb, good_page

ARTICLES = make_source({"kind": "article"})
MISBEHAVING = "webdata_assets_tests.extract.workers.misbehaving"
BY_URL = make_source({"kind": "item", "python": f"{MISBEHAVING}:by_url"})
PATIENT = Limits(page_seconds=30, memory_mb=512)
HASTY = Limits(page_seconds=2, memory_mb=512)


def page_at(path):
    return make_payload("<p>x</p>", f"http://shop.test/{path}")


def extracted(pool, source, *pages):
    return joined(pool.extract(source, pages))


def read(pool, *paths):
    """Return what became of pages that do to their process what their URL says."""
    found = extracted(pool, BY_URL, *map(page_at, paths))
    names = [candidate.values["title"].removeprefix("http://shop.test/") for candidate in found.candidates]
    return names, {
        failure.url.removeprefix("http://shop.test/"): failure.reason for failure in found.failures
    }


def pids_of(found):
    return [candidate.values["pid"] for candidate in found.candidates]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("name", BOMBS)
def test_a_parser_bomb_is_killed_in_time_and_its_batch_mates_live(name):
    with ExtractionPool(1, HASTY) as pool:
        extracted(pool, ARTICLES, good_page())
        begun = time.monotonic()
        found = extracted(pool, ARTICLES, good_page(1), bomb(name), good_page(2))
        took = time.monotonic() - begun
    assert [failure.reason for failure in found.failures] == ["parser killed after 2 s"]
    assert [failure.url for failure in found.failures] == ["http://shop.test/bomb/0"]
    assert [candidate.url for candidate in found.candidates] == [
        "http://shop.test/good/1",
        "http://shop.test/good/2",
    ]
    assert took < 15


def test_a_page_that_swells_is_killed_at_the_memory_limit():
    with ExtractionPool(1, Limits(page_seconds=60, memory_mb=256)) as pool:
        names, reasons = read(pool, "a", "swell", "b")
    assert names == ["a", "b"]
    assert reasons == {"swell": "parser killed at 256 MiB"}


def test_a_failed_allocation_is_a_matter_of_the_memory_limit():
    with ExtractionPool(1, PATIENT) as pool:
        assert read(pool, "memory", "a") == (["a"], {"memory": "parser killed at 512 MiB"})


@pytest.mark.parametrize(("path", "end"), [("crash", "SIGSEGV"), ("exit", "exit status 7")])
def test_a_worker_that_dies_costs_its_page_alone(path, end):
    with ExtractionPool(1, PATIENT) as pool:
        names, reasons = read(pool, "a", path, "b")
    assert names == ["a", "b"]
    assert reasons == {path: f"parser died: {end}"}


def test_a_page_at_which_a_used_worker_died_is_tried_in_a_fresh_one():
    with ExtractionPool(1, PATIENT) as pool:
        assert read(pool, "a", "once", "b") == (["a", "once", "b"], {})


def test_a_page_nested_deeper_than_pythons_stack_is_a_failure():
    depth = 200_000
    source = make_source({"kind": "item", "items": "[*]", "fields": {"title": {"jmespath": "x"}}})
    page = make_payload("[" * depth + "]" * depth, content_type="application/json")
    with ExtractionPool(1, PATIENT) as pool:
        found = extracted(pool, source, page, make_json_payload([{"x": "y"}]))
    assert len(found.failures) == 1
    assert [candidate.values["title"] for candidate in found.candidates] == ["y"]


def test_the_order_and_the_content_do_not_depend_on_the_number_of_workers():
    pages = [good_page(number) for number in range(80)]
    pages[40] = make_payload("", "http://shop.test/empty")
    expected = extract_pages(ARTICLES, pages)
    for workers in (1, 3):
        with ExtractionPool(workers, PATIENT) as pool:
            assert extracted(pool, ARTICLES, *pages) == expected


def test_results_come_in_batches_and_pages_are_taken_as_they_are_needed():
    taken = 0

    def pages():
        nonlocal taken
        for number in range(2_000):
            taken += 1
            yield page_at(str(number))

    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:behave"})
    with ExtractionPool(2, PATIENT) as pool:
        batches = pool.extract(source, pages())
        first = next(batches)
        assert len(first.candidates) == 500
        assert taken < 700
        batches.close()
        assert len(extracted(pool, source, page_at("after")).candidates) == 1


def test_a_small_partition_starts_one_worker_and_the_next_one_reuses_it():
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:behave"})
    with ExtractionPool(4, PATIENT) as pool:
        assert pool.pids == []
        one = pids_of(extracted(pool, source, *map(page_at, "abcdefgh")))
        other = pids_of(extracted(pool, source, *map(page_at, "ijkl")))
        assert set(one) == set(other) == set(pool.pids)
        assert len(set(one)) == 1


def test_many_pages_are_spread_over_the_workers():
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:behave"})
    with ExtractionPool(2, PATIENT) as pool:
        found = extracted(pool, source, *(page_at(str(number)) for number in range(400)))
    assert len(set(pids_of(found))) == 2


def test_a_pool_that_is_closed_leaves_no_process():
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:behave"})
    with ExtractionPool(2, PATIENT) as pool:
        extracted(pool, source, *map(page_at, "ab"))
        pids = pool.pids
        assert all(map(is_running, pids))
    assert not any(map(is_running, pids))


def test_closing_does_not_wait_for_a_page_that_hangs():
    def wait_for_it(pool):
        with suppress(TransientError, RuntimeError):
            extracted(pool, BY_URL, *map(page_at, ["hang"] * 200))

    with ExtractionPool(1, PATIENT) as pool:
        waiting = Thread(target=wait_for_it, args=[pool], daemon=True)
        waiting.start()
        while not pool.pids:
            time.sleep(0.05)
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_a_bug_is_raised_in_the_parent_with_the_workers_traceback():
    source = make_source({"kind": "article", "pages": "good"})
    page = make_payload("<p>x</p>", url=None)
    with (
        ExtractionPool(1, PATIENT) as pool,
        pytest.raises(TypeError, match="expected string") as caught,
    ):
        extracted(pool, source, page)
    [note] = caught.value.__notes__
    assert "extractor.py" in note


def test_what_the_parent_holds_is_not_taken_for_what_a_worker_used():
    large = bytearray(PATIENT.memory_bytes + 1_000_000)
    large[::4_096] = b"x" * len(large[::4_096])  # touched, so that it is resident
    source = make_source({"kind": "article", "pages": "good"})
    with ExtractionPool(1, PATIENT) as pool, pytest.raises(TypeError, match="expected string"):
        extracted(pool, source, make_payload("<p>x</p>", url=None))


def test_a_source_that_cannot_be_used_is_an_error_of_configuration():
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:no_such_function"})
    with (
        ExtractionPool(1, PATIENT) as pool,
        pytest.raises(PermanentError, match="no_such_function") as caught,
    ):
        extracted(pool, source, page_at("a"))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_worker_knows_no_secret_of_its_parent(monkeypatch):
    monkeypatch.setenv("SHOP_API_KEY", "hunter2")
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:environment"})
    with ExtractionPool(1, PATIENT) as pool:
        names = {row.values["title"] for row in extracted(pool, source, page_at("a")).candidates}
    assert "SHOP_API_KEY" in os.environ
    assert names <= {
        "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "TZ",
        "PYTHONPATH", "PYTHONHASHSEED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS",
    }  # fmt: skip


def test_progress_is_told_in_pages_per_second_and_pages_left():
    lines = []
    limits = Limits(page_seconds=1, memory_mb=512)
    with ExtractionPool(1, limits) as pool:
        pages = map(page_at, ["hang/1", "hang/2", "hang/3", "a"])
        found = joined(pool.extract(BY_URL, pages, total=4, tell=lines.append))
    assert len(found.failures) == 3
    assert re.fullmatch(r"\d pages extracted, \d+ pages/s, \d left", lines[0])


def test_blocks_that_most_pages_repeat_are_learnt_and_left_out():
    notice = "Our shop is closed for the holidays, and every order that reaches us now is sent in January."
    pages = [
        make_payload(
            f"<html><body><article><h1>Lamp {number}</h1><p>{notice}</p>"
            + "".join(
                f"<p>Lamp {number} shines in garden {part}, and it costs little.</p>" for part in range(6)
            )
            + "</article></body></html>",
            f"http://shop.test/{number}",
        )
        for number in range(8)
    ]
    source = make_source({"kind": "article", "remove_templates": True})
    with ExtractionPool(1, PATIENT) as pool:
        whole = joined(pool.extract(source, pages))
        templates = pool.learn_templates(source, pages)
        without = joined(pool.extract(source, pages, templates=templates))
    assert all(notice in candidate.values["text"] for candidate in whole.candidates)
    assert not any(notice in candidate.values["text"] for candidate in without.candidates)
    assert "shines in garden 3" in without.candidates[0].values["text"]
