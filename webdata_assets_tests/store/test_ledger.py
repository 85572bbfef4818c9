"""Admission: which partitions readers get, after any sequence of writes and verdicts."""

import datetime as dt
from dataclasses import dataclass

import polars as pl
import pytest

from webdata_assets.errors import NotAdmittedError
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.store import Store
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.store.rows import BLOG, NOON, SHOP, admit, frame, put, row, verdicts

FRONTIER = TABLES["frontier"]
CORPUS = TABLES["corpus"]
ONE = frame("frontier", row("frontier"))
OTHER = frame("frontier", row("frontier", number=1))
HOUR = dt.timedelta(hours=1)


@dataclass
class Clock:
    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now


def is_admitted(store, table=FRONTIER):
    return store.ledger.admitted(table).height == 1


def state(store, table=FRONTIER):
    return store.ledger.states(table).row(0, named=True)


def test_a_partition_that_was_never_written_is_not_admitted(store):
    assert not is_admitted(store)
    assert store.ledger.newest_write(FRONTIER, SHOP) is None
    with pytest.raises(NotAdmittedError, match=r"frontier 2026-06-01\|shop was never materialized"):
        store.read_admitted(FRONTIER, SHOP)


def test_a_write_without_checks_is_not_admitted(store):
    put(store, "frontier", ONE)
    assert not is_admitted(store)
    with pytest.raises(
        NotAdmittedError,
        match="not_empty, proxies_healthy, schema, unique_keys did not run on its newest",
    ):
        store.read_admitted(FRONTIER, SHOP)


def test_a_write_with_all_blocking_checks_passed_is_admitted(store):
    version = put(store, "frontier", ONE)
    admit(store, "frontier")
    assert store.ledger.admitted(FRONTIER).rows() == [(SHOP.date, SHOP.source, version)]
    assert store.read_admitted(FRONTIER, SHOP).equals(ONE)


@pytest.mark.parametrize("check", FRONTIER.blocking_checks)
def test_one_failed_blocking_check_keeps_readers_out(store, check):
    put(store, "frontier", ONE)
    admit(store, "frontier", **{check: False})
    assert not is_admitted(store)
    assert (state(store)["failed"], state(store)["missing"]) == ([check], [])
    with pytest.raises(NotAdmittedError, match=f"is not admitted: {check} failed; repair the cause"):
        store.read_admitted(FRONTIER, SHOP)


@pytest.mark.parametrize("check", FRONTIER.blocking_checks)
def test_one_missing_blocking_check_keeps_readers_out(store, check):
    put(store, "frontier", ONE)
    rest = [verdict for verdict in verdicts(FRONTIER) if verdict.check != check]
    store.ledger.record(FRONTIER, SHOP, rest, run_id="run")
    assert not is_admitted(store)
    assert (state(store)["failed"], state(store)["missing"]) == ([], [check])


def test_a_failed_check_that_does_not_block_keeps_nobody_out(store):
    put(store, "frontier", ONE)
    admit(store, "frontier")
    store.ledger.record(FRONTIER, SHOP, [Verdict("nice", passed=False, blocking=False)], run_id="run")
    assert is_admitted(store)


def test_a_check_that_was_not_blocking_when_it_ran_does_not_admit(store):
    put(store, "frontier", ONE)
    advisory = [Verdict(check, passed=True, blocking=False) for check in FRONTIER.blocking_checks]
    store.ledger.record(FRONTIER, SHOP, advisory, run_id="run")
    assert not is_admitted(store)


def test_verdicts_of_several_runs_add_up(store):
    put(store, "frontier", ONE)
    for verdict in verdicts(FRONTIER):
        assert not is_admitted(store)
        store.ledger.record(FRONTIER, SHOP, [verdict], run_id=verdict.check)
    assert is_admitted(store)


def test_the_newest_verdict_of_a_check_counts(store):
    put(store, "frontier", ONE)
    admit(store, "frontier", schema=False)
    admit(store, "frontier")
    assert is_admitted(store)
    admit(store, "frontier", schema=False)
    assert not is_admitted(store)


def test_the_same_content_rewritten_is_unadmitted_until_checked_again(store):
    first = put(store, "frontier", ONE)
    admit(store, "frontier")
    assert put(store, "frontier", ONE) == first
    assert not is_admitted(store)
    admit(store, "frontier")
    assert is_admitted(store)


def test_other_content_is_unadmitted_until_checked(store):
    first = put(store, "frontier", ONE)
    admit(store, "frontier")
    second = put(store, "frontier", OTHER)
    assert second != first
    assert not is_admitted(store)
    admit(store, "frontier")
    assert state(store)["data_version"] == second


def test_going_back_to_a_version_that_once_passed_admits_nothing(store):
    put(store, "frontier", ONE)
    admit(store, "frontier")
    put(store, "frontier", OTHER)
    put(store, "frontier", ONE)
    assert not is_admitted(store)


def test_a_write_that_began_and_was_never_committed_withdraws_admission(store):
    version = put(store, "frontier", ONE)
    admit(store, "frontier")
    store.ledger.begin_write(
        FRONTIER, SHOP, data_version=version, code_version="1", rows=1, extracted=None, run_id="crashed"
    )
    assert not is_admitted(store)
    assert store.scan_admitted(FRONTIER).collect().is_empty()


def test_partitions_are_admitted_one_by_one(store):
    for partition in (SHOP, BLOG):
        put(store, "frontier", frame("frontier", row("frontier", partition)), partition)
    admit(store, "frontier", SHOP, not_empty=False)
    admit(store, "frontier", BLOG)
    assert store.scan_admitted(FRONTIER).collect()["source"].to_list() == ["blog"]
    assert store.ledger.states(FRONTIER).select("source", "admitted").rows() == [
        ("blog", True),
        ("shop", False),
    ]


def test_tables_are_admitted_one_by_one(store):
    put(store, "pages", frame("pages", row("pages")))
    put(store, "frontier", ONE)
    admit(store, "frontier")
    assert not is_admitted(store, TABLES["pages"])


def test_an_unpartitioned_table_is_admitted_as_a_whole(store):
    with pytest.raises(NotAdmittedError, match="corpus was never materialized"):
        store.read_admitted(CORPUS)
    put(store, "corpus", CORPUS.empty(), None)
    admit(store, "corpus", None, reconciliation=False)
    with pytest.raises(NotAdmittedError, match="corpus is not admitted: reconciliation failed"):
        store.read_admitted(CORPUS)
    admit(store, "corpus", None)
    assert store.read_admitted(CORPUS).equals(CORPUS.empty())
    put(store, "corpus", CORPUS.empty(), None)
    assert not is_admitted(store, CORPUS)


def test_a_verdict_on_what_was_never_written_is_refused(store):
    with pytest.raises(NotAdmittedError, match="was never materialized"):
        admit(store, "frontier")
    assert not store.tables.exists(CHECK_RESULTS)


def test_a_clock_set_back_reorders_no_writes(tmp_path):
    clock = Clock()
    store = Store.open(str(tmp_path), clock)
    put(store, "frontier", ONE)
    admit(store, "frontier")
    clock.now -= HOUR
    newest = put(store, "frontier", OTHER)
    assert store.ledger.newest_write(FRONTIER, SHOP).data_version == newest
    assert not is_admitted(store)
    admit(store, "frontier")
    assert is_admitted(store)


@pytest.mark.parametrize("first", [True, False])
def test_a_clock_set_back_reorders_no_verdicts(tmp_path, first):
    clock = Clock()
    store = Store.open(str(tmp_path), clock)
    put(store, "frontier", ONE)
    clock.now += HOUR
    admit(store, "frontier", schema=first)
    clock.now -= 2 * HOUR
    admit(store, "frontier", schema=not first)
    assert is_admitted(store) is not first
    assert store.ledger.newest_verdicts(FRONTIER, "schema")["passed"].to_list() == [not first]


def test_a_clock_that_stands_still_keeps_the_order(tmp_path):
    store = Store.open(str(tmp_path), Clock())
    for passed in (True, False, True, False):
        put(store, "frontier", ONE)
        admit(store, "frontier", schema=not passed)
        admit(store, "frontier", schema=passed)
        assert is_admitted(store) is passed


def test_the_newest_write_tells_what_was_written(store):
    version = put(store, "frontier", ONE, code_version="7", extracted=3, run_id="r")
    put(store, "frontier", frame("frontier", row("frontier", BLOG)), BLOG)
    write = store.ledger.newest_write(FRONTIER, SHOP)
    assert (write.data_version, write.code_version, write.rows, write.extracted, write.run_id) == (
        version, "7", 1, 3, "r",
    )  # fmt: skip


def test_newest_verdicts_are_those_on_the_newest_write(store):
    put(store, "frontier", ONE)
    store.ledger.record(FRONTIER, SHOP, [Verdict("schema", False, 2, 0, "url: 2 rows")], run_id="r")
    found = store.ledger.newest_verdicts(FRONTIER, "schema").row(0, named=True)
    assert (found["passed"], found["value"], found["threshold"], found["detail"]) == (
        False,
        2,
        0,
        "url: 2 rows",
    )
    store.ledger.record(FRONTIER, SHOP, [Verdict("schema", True, 0, 0)], run_id="r")
    assert store.ledger.newest_verdicts(FRONTIER, "schema")["passed"].to_list() == [True]
    assert store.ledger.newest_verdicts(FRONTIER, "unique_keys").is_empty()
    put(store, "frontier", ONE)
    assert store.ledger.newest_verdicts(FRONTIER, "schema").is_empty()


def test_the_fingerprint_changes_if_and_only_if_admission_changes(store):
    def fingerprint():
        return store.ledger.fingerprint(["frontier", "pages"])

    nothing = fingerprint()
    put(store, "frontier", ONE)
    assert fingerprint() == nothing
    admit(store, "frontier")
    admitted = fingerprint()
    assert admitted != nothing
    admit(store, "frontier")
    assert fingerprint() == admitted
    admit(store, "frontier", schema=False)
    assert fingerprint() == nothing
    put(store, "frontier", ONE)
    admit(store, "frontier")
    assert fingerprint() == admitted
    put(store, "frontier", OTHER)
    admit(store, "frontier")
    assert fingerprint() not in (nothing, admitted)


def test_the_fingerprint_tells_tables_apart_and_not_the_order_of_names(store):
    put(store, "quarantine", TABLES["quarantine"].empty())
    admit(store, "quarantine")
    names = ["quarantine", "frontier"]
    assert store.ledger.fingerprint(names) == store.ledger.fingerprint(names[::-1])
    assert store.ledger.fingerprint(["frontier"]) != store.ledger.fingerprint(["quarantine"])


def test_the_ledger_only_grows_and_its_rows_obey_its_schema(store):
    put(store, "frontier", ONE)
    admit(store, "frontier", schema=False)
    before = store.tables.scan(CHECK_RESULTS).collect()
    put(store, "frontier", OTHER)
    admit(store, "frontier")
    after = store.tables.scan(CHECK_RESULTS).collect()
    assert before.join(after, on=list(after.columns), how="anti", nulls_equal=True).is_empty()
    CHECK_RESULTS.schema.validate(after)
    assert after.select(CHECK_RESULTS.key).is_unique().all()
    assert store.ledger.verdict_counts() == (7, 1)
    assert after.filter(pl.col("check") == "materialized").height == 2


def test_compacting_the_ledger_changes_no_state(store):
    for number in range(6):
        put(store, "frontier", frame("frontier", row("frontier", number=number)))
        admit(store, "frontier", schema=number % 2 == 1)
    before = store.ledger.states(FRONTIER)
    store.tables.compact(CHECK_RESULTS)
    assert store.ledger.states(FRONTIER).equals(before)


def test_states_are_derived_anew_only_when_something_of_their_table_was_entered(store):
    put(store, "frontier", ONE)
    admit(store, "frontier")
    before = store.ledger.states(FRONTIER)
    put(store, "quarantine", frame("quarantine", row("quarantine")))
    assert store.ledger.states(FRONTIER) is before

    another_process = Store.open(store.location.root)
    another_process.ledger.record(FRONTIER, SHOP, verdicts(FRONTIER, schema=False), run_id="later")
    assert state(store)["failed"] == ["schema"]
