"""Pages read by Dask workers: the same bytes, the same limits."""

import time
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.engine.dask import DaskEngine
from webdata_assets.stages.extract.extraction import joined
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets.stages.extract.workers.tasks import extraction_of
from webdata_assets_tests.engine.functions import process_of
from webdata_assets_tests.extract.making import make_payload, make_source
from webdata_assets_tests.extract.workers.hostile import bomb, good_page

MISBEHAVING = "webdata_assets_tests.extract.workers.misbehaving"
ARTICLES = make_source({"kind": "article"})
BY_URL = make_source({"kind": "item", "python": f"{MISBEHAVING}:by_url"})
BEHAVING = make_source({"kind": "item", "python": f"{MISBEHAVING}:behave"})
PATIENT = Limits(page_seconds=30, memory_mb=512)
HASTY = Limits(page_seconds=2, memory_mb=512)


def page_at(path):
    return make_payload("<p>x</p>", f"http://shop.test/{path}")


def pages_of_all_kinds():
    pages = [good_page(number) for number in range(120)]
    pages[40] = make_payload("", "http://shop.test/empty")
    pages[41] = make_payload(
        "<h1>\ud800 and \x00</h1>".encode("utf-8", "surrogatepass"), "http://shop.test/odd"
    )
    return pages


def read(pool, *paths):
    found = joined(pool.extract(BY_URL, map(page_at, paths)))
    names = [candidate.values["title"].removeprefix("http://shop.test/") for candidate in found.candidates]
    return names, {
        failure.url.removeprefix("http://shop.test/"): failure.reason for failure in found.failures
    }


def test_the_answers_are_those_of_this_machine(engine):
    pages = pages_of_all_kinds()
    with ExtractionPool(2, PATIENT) as here, ExtractionPool(2, PATIENT, engine) as there:
        expected = list(here.run(extraction_of(ARTICLES), pages))
        found = list(there.run(extraction_of(ARTICLES), pages))
        assert there.pids == []
        assert there.learn_templates(ARTICLES, pages) == here.learn_templates(ARTICLES, pages)
    assert found == expected


def test_a_parser_bomb_is_killed_in_time_and_its_batch_mates_live(engine):
    with ExtractionPool(1, HASTY, engine) as pool:
        list(pool.extract(ARTICLES, [good_page()]))
        begun = time.monotonic()
        found = joined(pool.extract(ARTICLES, [good_page(1), bomb(), good_page(2)]))
        took = time.monotonic() - begun
    assert [(failure.url, failure.reason) for failure in found.failures] == [
        ("http://shop.test/bomb/0", "parser killed after 2 s")
    ]
    assert len(found.candidates) == 2
    assert took < 15


def test_a_page_that_swells_or_crashes_costs_itself_alone(engine, dask):
    with ExtractionPool(1, Limits(page_seconds=60, memory_mb=256), engine) as pool:
        assert read(pool, "a", "swell", "crash", "b") == (
            ["a", "b"],
            {"swell": "parser killed at 256 MiB", "crash": "parser died: SIGSEGV"},
        )
    assert {pid for _, pid in engine.map(process_of, range(20))} == {worker.pid for worker in dask.workers}


def test_a_source_that_cannot_be_used_is_the_same_error_as_here(engine):
    source = make_source({"kind": "item", "python": f"{MISBEHAVING}:none"})
    with ExtractionPool(1, PATIENT, engine) as pool, pytest.raises(PermanentError, match="none"):
        list(pool.extract(source, [page_at("a")]))


def test_processes_of_a_killed_dask_worker_end_with_it(dask, monkeypatch):
    monkeypatch.setattr("webdata_assets.stages.extract.workers.pool._BATCH_PAGES", 100)
    pages = [page_at(str(number)) for number in range(600)]
    dask.add_workers(1)
    engine = DaskEngine(dask.address)
    with ExtractionPool(1, PATIENT, engine) as pool:
        batches = pool.extract(BEHAVING, pages)
        found = [next(batches)]
        wait_until(lambda: descendants(dask.workers[-1].pid))
        below = descendants(dask.workers[-1].pid)
        dask.kill_worker(-1)
        found += batches
    engine.close()
    dask.workers.pop()
    candidates = joined(found).candidates
    assert [candidate.url for candidate in candidates] == [page.url for page in pages]
    wait_until(lambda: not any(map(_is_running, below)))


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants(process):
    """Return the ids of every process below one."""
    found = set()
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            children = [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
        found.update(children, *map(descendants, children))
    return found


def _is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
