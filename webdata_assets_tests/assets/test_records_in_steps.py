"""Extraction in steps: each reads a batch of pages, the result is that of one step, nothing is read twice."""

from collections import Counter
from collections.abc import Iterable

import dagster as dg
import pytest

from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.workers import pool
from webdata_assets.store.extractions import KeptExtractions
from webdata_assets_tests.deployment import Deployment

KEY = "2026-06-01|demo_shop"


def extract(deployment: Deployment, *, fails: bool = False) -> dg.ExecuteInProcessResult:
    return (
        deployment.definitions()
        .resolve_job_def("replay")
        .execute_in_process(instance=deployment.instance, partition_key=KEY, raise_on_error=not fails)
    )


def steps(result: dg.ExecuteInProcessResult) -> int:
    return sum(event.step_key.startswith("extract_records.extract_batch[") for event in result.all_events
               if event.is_step_success and event.step_key)  # fmt: skip


def versions(deployment: Deployment) -> list[str]:
    ledger = deployment.store.ledger
    return [ledger.states(table)["data_version"].item() for table in (RECORDS, QUARANTINE)]


def test_steps_give_the_records_that_one_step_gives(demo: Deployment) -> None:
    assert demo.run("crawl", KEY).success
    expected = versions(demo)
    demo.step_pages = 7
    result = extract(demo)
    assert result.success
    assert steps(result) >= 3
    assert versions(demo) == expected
    assert not list((demo.folder / "store" / "extractions").rglob("*.part"))


def test_what_was_read_before_a_failure_is_not_read_again(
    demo: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert demo.run("crawl", KEY).success
    expected, read = versions(demo), Counter[str]()
    whole = pool.WorkerPool.run

    def counted(self: pool.WorkerPool, task: pool.Task, pages: Iterable[Payload]):
        for page, answer in whole(self, task, pages):
            read[page.url] += task.name == "extract"
            yield page, answer

    monkeypatch.setattr(pool.WorkerPool, "run", counted)
    demo.step_pages = 7
    with monkeypatch.context() as broken:
        broken.setattr("webdata_assets.assets.records.clean_batches", _fail)
        assert not extract(demo, fails=True).success
    assert set(read.values()) == {1}
    assert list((demo.folder / "store" / "extractions").rglob("*.part"))
    assert extract(demo).success
    assert set(read.values()) == {1}
    assert versions(demo) == expected


def _fail(*_: object) -> None:
    raise OSError("the machine ended here")


def test_a_page_that_failed_is_read_again_and_the_others_of_its_batch_are_not(demo: Deployment) -> None:
    from webdata_assets.partitions import Partition
    from webdata_assets.stages.extract.extraction import Extraction, PageFailure

    partition = Partition.from_key(KEY)
    kept = KeptExtractions(demo.store.location, partition, "version")
    pages = {"http://a.test/good": "a" * 64, "http://a.test/bad": "b" * 64}
    failure = PageFailure("http://a.test/bad", "took too long", "b" * 64, partition.date)
    kept.add(pages, Extraction(failures=(failure,)))
    assert [urls for urls, _ in kept.read(pages)] == [["http://a.test/good"]]
