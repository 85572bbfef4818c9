"""Extraction in steps: each reads a batch of pages, the result is that of one step, nothing is read twice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.schemas.pages import PAGES as STORED
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.extract.extraction import Extraction, PageFailure, Payload
from webdata_assets.stages.extract.workers import pool
from webdata_assets.store.extractions import KeptExtractions
from webdata_assets_tests.assets.stored_pages import (
    EXTRACTED,
    declare_shop,
    local_deployment,
    page_row,
    store_pages,
)
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.store.rows import SHOP

PAGES = 20


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    """A shop whose pages are stored; two of them have no title."""
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = local_deployment(tmp_path, instance)
        declare_shop(
            deployment,
            {"kind": "item", "fields": {"title": "h1", "text": "p"}},
            expect={"valid": 0.5, "required": ["title"], "completeness": {}},
        )
        titles = ("" if number in (3, 11) else f"<h1>Lamp {number}</h1>" for number in range(PAGES))
        rows = [
            page_row(number, f"{title}<p>It shines {number} hours.</p>".encode())
            for number, title in enumerate(titles)
        ]
        store_pages(deployment.store, pl.DataFrame(rows, schema=STORED.polars_schema))
        yield deployment


def extract(deployment: Deployment, *, fails: bool = False) -> dg.ExecuteInProcessResult:
    return (
        deployment.definitions()
        .resolve_job_def("replay")
        .execute_in_process(
            instance=deployment.instance,
            partition_key=SHOP.key,
            asset_selection=[dg.AssetKey(name) for name in EXTRACTED],
            run_config=SILENT,
            raise_on_error=not fails,
        )
    )


def steps(result: dg.ExecuteInProcessResult) -> int:
    return sum(event.step_key.startswith("extract_records.extract_batch[") for event in result.all_events
               if event.is_step_success and event.step_key)  # fmt: skip


def versions(deployment: Deployment) -> list[str]:
    ledger = deployment.store.ledger
    return [ledger.states(table)["data_version"].item() for table in (RECORDS, QUARANTINE)]


def test_steps_give_the_records_that_one_step_gives(shop: Deployment) -> None:
    assert extract(shop).success
    expected = versions(shop)
    shop.step_pages = 7
    result = extract(shop)
    assert result.success
    assert steps(result) >= 3
    assert versions(shop) == expected
    assert not list((shop.folder / "store" / "extractions").rglob("*.part"))


def test_what_was_read_before_a_failure_is_not_read_again(
    shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert extract(shop).success
    expected, read = versions(shop), Counter[str]()
    whole = pool.WorkerPool.run

    def counted(self: pool.WorkerPool, task: pool.Task, pages: Iterable[Payload]):
        for page, answer in whole(self, task, pages):
            read[page.url] += task.name == "extract"
            yield page, answer

    monkeypatch.setattr(pool.WorkerPool, "run", counted)
    shop.step_pages = 7
    with monkeypatch.context() as broken:
        broken.setattr("webdata_assets.assets.records.clean_batches", _fail)
        assert not extract(shop, fails=True).success
    assert len(read) == PAGES
    assert set(read.values()) == {1}
    assert list((shop.folder / "store" / "extractions").rglob("*.part"))
    assert extract(shop).success
    assert set(read.values()) == {1}
    assert versions(shop) == expected


def _fail(*_: object) -> None:
    raise OSError("the machine ended here")


def test_a_page_that_failed_is_read_again_and_the_others_of_its_batch_are_not(shop: Deployment) -> None:
    kept = KeptExtractions(shop.store.location, SHOP, "version")
    pages = {"http://a.test/good": "a" * 64, "http://a.test/bad": "b" * 64}
    failure = PageFailure("http://a.test/bad", "took too long", "b" * 64, SHOP.date)
    kept.add(pages, Extraction(failures=(failure,)))
    assert [urls for urls, _ in kept.read(pages)] == [["http://a.test/good"]]
