"""Changes and features as assets: real runs over stored records, the past in view and the future not."""

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets_tests.changes.versions import gone_page, version
from webdata_assets_tests.checks.judge import judge
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.sources.reading import GOOD
from webdata_assets_tests.store.rows import DAY, admit, frame, put, row

ROWS = ("changes", "features")


def day(number: int, source: str = "shop") -> Partition:
    return Partition(DAY + dt.timedelta(days=number), source)


def store_records(
    deployment: Deployment, partition: Partition, *records: dict[str, object], admitted: bool = True
) -> None:
    """Put a partition of records and of pages, as a run before left them; from day 2 on, page 7 is gone."""
    gone = [gone_page(partition, 7)] if partition >= day(2) else []
    for name, rows in (("pages", [row("pages", partition), *gone]), ("records", records)):
        put(deployment.store, name, frame(name, *rows), partition)
        admit(deployment.store, name, partition, completeness=admitted)


def materialize(deployment: Deployment, partition: Partition) -> dg.ExecuteInProcessResult:
    """Run both assets with their checks."""
    job = dg.define_asset_job("chosen", selection=dg.AssetSelection.assets(*ROWS))
    definitions = dg.Definitions.merge(deployment.definitions(), dg.Definitions(jobs=[job]))
    return definitions.resolve_job_def("chosen").execute_in_process(
        instance=deployment.instance, partition_key=partition.key, raise_on_error=False
    )


def versions(deployment: Deployment, partition: Partition) -> dict[str, pl.DataFrame]:
    return {name: deployment.store.tables.read_partition(TABLES[name], partition) for name in ROWS}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Three days of a shop: one item whose title and price change, one that stays, and one that is gone."""
    with dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(tmp_path_factory.mktemp("made"), instance, {})
        make(deployment)
        yield deployment


@pytest.fixture
def shop(made: Deployment, tmp_path: Path) -> Deployment:
    """A copy of those days, to change."""
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    return Deployment(tmp_path, made.instance, {})


def make(deployment: Deployment, order: Sequence[int] = (0, 1, 2)) -> None:
    for name in ("shop", "blog"):
        deployment.write_source(
            GOOD.replace("name: good", f"name: {name}").replace("2026-01-01", "2026-05-01"), f"{name}.yaml"
        )
    for number in order:
        price = Decimal(("10.00", "8.00", "12.00")[number])
        priced = version(day(number), 0, title=f"T{number}", price=price, currency="EUR", tokens=10)
        rows = [priced, version(day(number), 1, tokens=20)]
        if number == 1:
            rows.append(version(day(number), 7))
        store_records(deployment, day(number), *rows)
        assert materialize(deployment, day(number)).success


def test_changes_follow_content_and_are_admitted(made: Deployment) -> None:
    changes = versions(made, day(2))["changes"]
    assert changes["kind"].to_list() == ["changed", "unchanged", "gone"]
    assert changes.row(0, named=True)["changed_fields"] == ["price", "title"]
    assert changes.row(0, named=True)["price_change"] == Decimal(4)
    for name in ROWS:
        assert made.store.ledger.admitted(TABLES[name]).height == 3


def test_features_know_the_past(made: Deployment) -> None:
    item = versions(made, day(2))["features"].row(0, named=True)
    assert (item["change_rate"], item["days_known"], item["earlier_versions"]) == (1, 2, 2)
    assert (item["previous_price"], item["price_min_7d"], item["price_mean_7d"]) == (8, 8, 10)
    assert (item["site_records"], item["site_mean_tokens"]) == (3, 15)


def test_the_ui_shows_counts_by_kind_and_a_sample(made: Deployment) -> None:
    of_the_day = dg.AssetRecordsFilter(dg.AssetKey("changes"), asset_partitions=[day(2).key])
    [*_, first] = made.instance.fetch_materializations(of_the_day, limit=10).records
    assert first.asset_materialization is not None
    metadata = first.asset_materialization.metadata
    counts = {name: metadata[name].value for name in ("new", "changed", "unchanged", "gone", "price_changes")}
    assert counts == {"new": 0, "changed": 1, "unchanged": 1, "gone": 1, "price_changes": 1}
    rows = metadata["sample"].records
    assert [record.data["kind"] for record in rows] == ["gone", "changed"]
    assert rows[1].data["changed_fields"] == "['price', 'title']"


def test_the_future_and_what_is_not_admitted_are_never_seen(shop: Deployment) -> None:
    before = versions(shop, day(2))
    priced = {"price": Decimal("0.01"), "currency": "EUR", "tokens": 10_000}
    for future in (day(3), day(40)):
        store_records(shop, future, version(future, 0, **priced), version(future, 5))
        changes = row("changes", future, 0, price=priced["price"], currency="EUR")
        put(shop.store, "changes", frame("changes", changes), future)
        admit(shop.store, "changes", future)
    store_records(shop, day(-1), version(day(-1), 0, **priced), admitted=False)
    blog = day(1, "blog")
    store_records(shop, blog, {**version(blog, 0, **priced), "record_id": version(day(0))["record_id"]})
    assert materialize(shop, day(2)).success
    assert all(versions(shop, day(2))[name].equals(before[name]) for name in ROWS)


def test_an_old_partition_gives_the_same_bytes_after_newer_ones(shop: Deployment) -> None:
    states = {name: shop.store.ledger.states(TABLES[name]).select("date", "data_version") for name in ROWS}
    for number in (1, 0):
        assert materialize(shop, day(number)).success
    for name in ROWS:
        again = shop.store.ledger.states(TABLES[name]).select("date", "data_version")
        assert again.equals(states[name])


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_dates_in_any_order_end_with_the_same_bytes(
    made: Deployment, deployment: Deployment, order: tuple[int, ...]
) -> None:
    make(deployment, order)
    jobs = []
    while requests := deployment.tick("recrawl_sensor").run_requests:
        jobs += [(request.job_name, request.partition_key) for request in requests]
        assert len(jobs) < 10
        assert all(
            materialize(deployment, Partition.from_key(request.partition_key)).success for request in requests
        )
    assert {job for job, _ in jobs} == {"compare"}
    for number in range(3):
        again, expected = versions(deployment, day(number)), versions(made, day(number))
        assert all(again[name].equals(expected[name]) for name in ROWS)


def test_a_lost_row_fails_the_reconciliation(shop: Deployment) -> None:
    changes = versions(shop, day(2))["changes"]
    put(shop.store, "changes", changes.filter(kind="gone"), day(2))
    found = judge(shop.store, "changes", "reconciliation", partition=day(2))
    assert (found.passed, found.value) == (False, 2)
    put(shop.store, "changes", changes.filter(pl.col("kind") != "gone"), day(2))
    assert judge(shop.store, "changes", "reconciliation", partition=day(2)).passed
