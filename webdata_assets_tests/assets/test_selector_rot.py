"""A layout that changed: the field, its proposal, and what a hostile page does to both."""

import datetime as dt
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import polars as pl
import pytest

from webdata_assets.cli.instance import Outcome
from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.selector_proposals import current_proposals
from webdata_assets_tests.assets.stored_pages import (
    EXTRACTED,
    declare_shop,
    local_deployment,
    page_row,
    run_layers,
)
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.extract.workers.hostile import BOMBS
from webdata_assets_tests.store.rows import SHOP, admit, put

NEXT = Partition(SHOP.date + dt.timedelta(days=1), SHOP.source)
FIELDS = {
    "title": "h1",
    "price": {"type": "decimal", "css": ".price .amount"},
    "currency": ".price .currency",
}
OLD = (
    "<h1>Lamp {0}</h1><p>Text of {0}.</p>"
    '<p class="price"><b class="amount">{1}</b> <i class="currency">EUR</i></p>'
)
NEW = (
    '<h1>Lamp {0}</h1><p>Text of {0}.</p><div class="offer"><strong class="cost">€ {1}</strong>'
    '<em class="unit">EUR</em></div><ul><li class="also"><span class="cost">€ 99,00</span> EUR</li></ul>'
)
PAGES_A_DAY = 16


class Lost(NamedTuple):
    """A shop whose newest day lost its prices, and how that day's run ended."""

    shop: Deployment
    outcome: Outcome


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    """A shop without pages."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield declared(tmp_path / "shop", instance)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The shop after a day of the old layout; for reading alone."""
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = declared(tmp_path_factory.mktemp("known") / "shop", instance)
        day(deployment, SHOP, OLD)
        assert extract(deployment).success
        yield deployment


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory, known: Deployment) -> Iterator[Lost]:
    """The shop after a further day, of the new layout; for reading alone."""
    folder = tmp_path_factory.mktemp("lost") / "shop"
    shutil.copytree(known.folder, folder)
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(folder, instance, {})
        day(deployment, NEXT, NEW)
        yield Lost(deployment, extract(deployment, NEXT))


@pytest.fixture
def copied(tmp_path: Path, lost: Lost) -> Iterator[Deployment]:
    """A copy of the shop after both days."""
    shutil.copytree(lost.shop.folder, tmp_path / "shop")
    with dg.DagsterInstance.ephemeral() as instance:
        yield Deployment(tmp_path / "shop", instance, {})


def declared(folder: Path, instance: dg.DagsterInstance) -> Deployment:
    deployment = local_deployment(folder, instance)
    completeness = {"title": 0.95, "price": 0.95}
    declare_shop(deployment, {"kind": "product", "fields": FIELDS}, expect={"completeness": completeness})
    return deployment


def extract(shop: Deployment, partition: Partition = SHOP) -> Outcome:
    return run_layers(shop, partition, EXTRACTED)


def price(number: int) -> str:
    return f"{10 + number},{50 + number}"


def day(shop: Deployment, partition: Partition, layout: str, *more: bytes) -> None:
    bodies = [*(layout.format(n, price(n)).encode() for n in range(PAGES_A_DAY)), *more]
    rows = [
        {**page_row(n, body), "date": partition.date, "payload_date": partition.date}
        for n, body in enumerate(bodies)
    ]
    put(shop.store, "pages", pl.DataFrame(rows, schema=PAGES.polars_schema), partition)
    admit(shop.store, "pages", partition)


def told(shop: Deployment) -> list[dict[str, object]]:
    """Return the rows of the metadata `SelectorNotFound`."""
    event = shop.instance.get_latest_materialization_event(dg.AssetKey("records"))
    assert event is not None
    assert event.asset_materialization is not None
    table = event.asset_materialization.metadata.get("SelectorNotFound")
    return [dict(record.data) for record in table.records] if isinstance(table, dg.TableMetadataValue) else []


def proposals(shop: Deployment) -> dict[str, dict[str, object]]:
    rows = current_proposals(shop.store, load_sources(shop.sources))
    return {row["field"]: row for row in rows.iter_rows(named=True)}


def test_a_layout_that_is_known_proposes_nothing(known: Deployment) -> None:
    assert told(known) == []
    assert proposals(known) == {}


def test_lost_fields_are_shown_with_a_selector_that_finds_them_again(lost: Lost) -> None:
    shop, outcome = lost
    assert outcome.failed_checks == ("records.completeness",)
    shown = {str(row["field"]): row for row in told(shop)}
    assert set(shown) == {"price", "currency"}
    urls = [shown["price"].pop(f"sample_url_{number}") for number in (1, 2, 3)]
    assert all(str(url).startswith("https://shop.example.com/") for url in urls)
    assert "gives the known value on 8 of 8" in str(shown["price"].pop("reason"))
    assert shown["price"] == {
        "source": "shop",
        "field": "price",
        "selectors": "css:.price .amount",
        "found_share": 0.0,
        "pages_without": 16,
        "state": "awaiting patch and replay",
        "proposal": "css:.offer .cost",
        "support": 1.0,
        "held_out_pages": 8,
        "next": "webdata selectors accept shop price",
    }
    found = proposals(shop)
    assert found["currency"]["proposal"] == '{"css":".unit"}'
    assert (found["price"]["found_share"], found["price"]["pages"]) == (0.0, 16)


def test_the_accepted_selector_heals_the_partition_and_the_proposal_is_over(copied: Deployment) -> None:
    fields = {
        "title": "h1",
        "price": {"type": "decimal", "from": [{"css": ".price .amount"}, {"css": ".offer .cost"}]},
        "currency": {"from": [{"css": ".price .currency"}, {"css": ".unit"}]},
    }
    declare_shop(copied, {"kind": "product", "fields": fields}, expect={"completeness": {"price": 0.95}})
    assert proposals(copied) == {}
    assert extract(copied, NEXT).success
    records = copied.store.read_admitted(RECORDS, NEXT).sort("url")
    assert records["price"].to_list() == [Decimal(price(n).replace(",", ".")) for n in range(PAGES_A_DAY)]


def test_an_entry_is_over_when_its_partition_was_written_again_without_it(copied: Deployment) -> None:
    assert proposals(copied)
    day(copied, NEXT, OLD)
    assert extract(copied, NEXT).success
    assert proposals(copied) == {}


def test_a_page_that_kills_its_parser_costs_its_own_vote(
    shop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", "2")
    day(shop, SHOP, OLD, *(OLD.format("x", "7,00").encode(),))
    extract(shop)
    day(shop, NEXT, NEW, BOMBS["a megabyte of nested divs"].encode())
    extract(shop, NEXT)
    assert proposals(shop)["price"]["proposal"] == '{"css":".offer .cost"}'


def test_without_earlier_records_the_field_is_shown_and_nothing_is_proposed(shop: Deployment) -> None:
    day(shop, SHOP, NEW)
    extract(shop)
    [row] = told(shop)
    assert (row["field"], row["proposal"]) == ("price", "none")
    assert "too few pages" in str(row["reason"])
