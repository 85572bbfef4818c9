"""Archive: old dates leave the grid, are repaired no more, and stay readable."""

import datetime as dt

import dagster as dg
import pytest

from webdata_assets.automation.repairs import plan_repairs
from webdata_assets.cli.instance import execute
from webdata_assets.definitions import build_defs
from webdata_assets.errors import PermanentError
from webdata_assets.partitions import Partition, build_partitions_definition, first_date
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.sources.registry import load_sources
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import admit, frame, put, row

TODAY = dt.date(2026, 6, 30)


def test_nothing_is_archived_unless_it_is_asked_for():
    assert first_date(dt.date(2020, 1, 1), 0, TODAY) == dt.date(2020, 1, 1)


def test_the_grid_begins_so_many_days_ago_and_never_before_its_start():
    assert first_date(dt.date(2020, 1, 1), 29, TODAY) == dt.date(2026, 6, 1)
    assert first_date(dt.date(2026, 6, 20), 29, TODAY) == dt.date(2026, 6, 20)


def test_a_grid_that_is_over_and_all_archived_keeps_its_last_date():
    grid = build_partitions_definition(dt.date(2026, 1, 1), ["shop"], dt.date(2025, 12, 31))
    assert grid.get_partition_keys() == ["2025-12-31|shop"]


def test_an_archived_partition_is_readable_and_no_run_is_launched_for_it(tmp_path):
    settings = Settings(store=str(tmp_path), home=tmp_path / "home", archive_after_days=10)
    old = Partition(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=11), "demo_shop")
    store = Store.open(str(tmp_path))
    for name in ("pages", "records"):
        put(store, name, frame(name, row(name, old)), old)
    admit(store, "pages", old)
    admit(store, "records", old, schema=False)
    registry = load_sources(settings.sources)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    oldest = first_date(dt.date.min, settings.archive_after_days, now.date())
    assert old in [repair.partition for repair in plan_repairs(store, registry, now, None)]
    assert plan_repairs(store, registry, now, None, oldest) == []
    assert store.read_admitted(TABLES["pages"], old).height == 1


def test_a_run_of_an_archived_partition_is_refused_with_the_remedy(tmp_path):
    settings = Settings(store=str(tmp_path), home=tmp_path / "home", archive_after_days=1)
    old, definitions = Partition(dt.date(2020, 1, 1), "demo_shop"), build_defs(settings=settings)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(PermanentError, match="ARCHIVE_AFTER_DAYS=0"),
    ):
        execute(definitions, instance, "replay", partition=old)
