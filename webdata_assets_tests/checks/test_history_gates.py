"""What a comparison with the past does to admission: a long one keeps readers out, a short one warns."""

import datetime as dt
from types import MappingProxyType

import pytest

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.judging import Judge
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sources.registry import Registry
from webdata_assets_tests.checks.judge import source
from webdata_assets_tests.checks.past import remember
from webdata_assets_tests.store.rows import DAY, NOON, SHOP, frame, put, row

PAGES, RECORDS = TABLES["pages"], TABLES["records"]


def judge_all(store, step, table):
    """Judge the partition as a check step does; return what did not pass, and whether it is admitted."""
    registry = Registry(MappingProxyType({"shop": source()}), MappingProxyType({}))
    checks = [check for check in STEPS[step] if check.table is table]
    judged = Judge(store, registry, NOON).judge(checks, SHOP, run_id="run")
    admitted = store.ledger.admitted(table).filter(date=DAY, source="shop").height == 1
    return [check.name for check, finding in judged if not finding.passed], admitted


@pytest.mark.parametrize(("days", "admitted"), [(3, True), (7, True), (8, False)])
def test_a_collapse_of_pages_is_told_at_once_and_halts_once_the_past_is_long_enough(store, days, admitted):
    remember(store, "pages", "page_count", [100.0] * days)
    put(store, "frontier", frame("frontier", row("frontier")))
    put(store, "dead_letters", frame("dead_letters"))
    put(store, "pages", frame("pages", row("pages")))
    assert judge_all(store, "pages_checks", PAGES) == (["page_count"] if days > 3 else [], admitted)


@pytest.mark.parametrize(("days", "admitted"), [(7, True), (8, False)])
def test_a_field_that_is_no_longer_found_does_likewise(store, days, admitted):
    remember(store, "records", "completeness", [1.0] * days, metrics=[{"completeness_price": 1.0}] * days)
    put(store, "pages", frame("pages", *(row("pages", number=number) for number in range(9))))
    put(store, "quarantine", frame("quarantine"))
    rows = frame("records", *(row("records", number=number) for number in range(9)))
    put(store, "records", rows, extracted=9)
    assert judge_all(store, "records_checks", RECORDS) == (["completeness"], admitted)


def test_a_partition_that_was_let_through_with_a_warning_is_part_of_the_past(store):
    remember(store, "pages", "page_count", [100.0] * 5)
    put(store, "frontier", frame("frontier", row("frontier")))
    put(store, "dead_letters", frame("dead_letters"))
    put(store, "pages", frame("pages", row("pages")))
    judge_all(store, "pages_checks", PAGES)
    tomorrow = Partition(DAY + dt.timedelta(days=1), "shop")
    earlier = store.ledger.earlier_verdicts(PAGES, tomorrow).filter(check="page_count")
    assert earlier["value"].to_list() == [100.0] * 5 + [1.0]
    assert earlier["threshold_origin"].to_list() == [None] * 5 + ["history"]
