"""The records asset: pages that kill their parser, records that are filtered, and what is told of both."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets_tests.assets.stored_pages import (
    EXTRACTED,
    declare_shop,
    local_deployment,
    page_row,
    run_layers,
    store_pages,
)
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.extract.workers.hostile import BOMBS
from webdata_assets_tests.store.rows import SHOP

FIELDS = {"title": "h1", "text": "p"}
ENGLISH = "<h1>Lamp {0}</h1><p>This is the lamp number {0}. It shines in the garden, and it costs little.</p>"
GERMAN = "<h1>Lampe {0}</h1><p>Das ist die Lampe Nummer {0}. Sie leuchtet im Garten und kostet wenig.</p>"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield local_deployment(tmp_path, instance)


def put_pages(shop: Deployment, *bodies: str) -> None:
    rows = [page_row(number, body.encode()) for number, body in enumerate(bodies)]
    store_pages(shop.store, pl.DataFrame(rows, schema=PAGES.polars_schema))


def told(shop: Deployment, asset: str) -> dict[str, object]:
    """Return the metadata of an asset's last materialization."""
    event = shop.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return {
        name: [record.data for record in value.records]
        if isinstance(value, dg.TableMetadataValue)
        else value.value
        for name, value in event.asset_materialization.metadata.items()
    }


def test_bombs_are_put_aside_with_their_reason_and_the_partition_is_complete(
    shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", "2")
    monkeypatch.setenv("WEBDATA_EXTRACT_WORKERS", "1")
    declare_shop(shop, {"kind": "item", "fields": FIELDS}, expect={"valid": 0.7, "completeness": {}})
    good = [ENGLISH.format(number) for number in range(8)]
    put_pages(shop, *good[:3], BOMBS["a megabyte of nested divs"], *good[3:], BOMBS["868 KB of attributes"])
    outcome = run_layers(shop)
    assert (outcome.success, outcome.failed_checks) == (True, ())
    assert shop.store.read_admitted(RECORDS, SHOP).height == 8
    assert shop.store.read_admitted(FEATURES, SHOP).height == 8
    quarantine = shop.store.read_admitted(QUARANTINE, SHOP)
    assert quarantine.select("ordinal", "rule", "disposition", "reason").unique().rows() == [
        (-1, "extract", "refused", "parser killed after 2 s")
    ]
    assert [url[-2:] for url in quarantine["url"]] == ["03", "09"]


def test_filtered_records_are_counted_by_reason_and_fail_no_check(shop: Deployment) -> None:
    policy = {"languages": {"keep": ["en"]}, "duplicates": {"action": "drop"}, "quality": {"action": "keep"}}
    expect = {"valid": 1, "other_languages": 0.7, "near_duplicates": 0.25}
    declare_shop(shop, {"kind": "item", "fields": FIELDS}, clean=policy, expect=expect)
    put_pages(shop, ENGLISH.format(1), GERMAN.format(2), GERMAN.format(3), ENGLISH.format(1))
    outcome = run_layers(shop, SHOP, EXTRACTED)
    assert (outcome.success, outcome.failed_checks) == (True, ())
    assert shop.store.read_admitted(RECORDS, SHOP)["title"].to_list() == ["Lamp 1"]
    about = told(shop, "quarantine")
    assert (about["quarantined_records"], about["filtered_records"]) == (0, 3)
    assert about["dropped_by_reason"] == [
        {"rule": "language", "records": 2},
        {"rule": "duplicate", "records": 1},
    ]


def test_records_that_are_refused_are_counted_by_rule(shop: Deployment) -> None:
    expect = {"valid": 0.3, "required": ["title"], "completeness": {}}
    declare_shop(shop, {"kind": "item", "fields": FIELDS}, expect=expect)
    put_pages(shop, ENGLISH.format(1), "<p>no title</p>", "<p>none either</p>")
    assert run_layers(shop, SHOP, EXTRACTED).success
    assert told(shop, "quarantine")["refused_by_rule"] == [{"rule": "required", "records": 2}]
