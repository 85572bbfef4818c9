"""Judging, whoever asks for it: rows are read once; ledger and Dagster are told the same."""

import dagster as dg
import pytest

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.judging import Judge
from webdata_assets.checks.telling import tell_without_run
from webdata_assets.errors import NotAdmittedError, PermanentError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.tables import Tables
from webdata_assets_tests.io_managers.graph import Graph
from webdata_assets_tests.store.rows import BLOG, DAY, NOON, SHOP, frame, put, row

FRONTIER = TABLES["frontier"]


def judge_of(graph: Graph) -> Judge:
    return Judge(graph.store, load_sources(graph.settings.sources), NOON)


def test_rows_of_a_partition_are_read_once_for_all_checks(graph: Graph, monkeypatch: pytest.MonkeyPatch):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    read, reads = Tables.read_partition, []

    def counted(self, table, partition, columns=None):
        reads.append(table.name)
        return read(self, table, partition, columns)

    monkeypatch.setattr(Tables, "read_partition", counted)
    judged = judge_of(graph).judge(STEPS["frontier_checks"], SHOP, run_id="test")
    assert [check.name for check, _ in judged] == [check.name for check in STEPS["frontier_checks"]]
    assert reads == ["frontier"]


def test_the_schema_check_tells_what_all_checks_of_the_table_took(graph: Graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    found = {
        check.name: finding.metrics
        for check, finding in judge_of(graph).judge(STEPS["frontier_checks"], SHOP, run_id="test")
    }
    assert 0 < found["schema"]["check_seconds"] < 60
    assert "check_seconds" not in found["unique_keys"]
    kept = graph.store.ledger.newest_verdicts(FRONTIER, "schema").item(0, "metrics")
    assert "check_seconds" in kept


def test_what_only_warns_admits_and_what_blocks_does_not(graph: Graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    checks = [
        Check(name, FRONTIER, "", lambda _: Finding(False, value=1, threshold=0, only_warns=True))
        for name in FRONTIER.blocking_checks
    ]
    judge_of(graph).judge(checks, SHOP, run_id="test")
    assert graph.store.ledger.admitted(FRONTIER).height == 1
    judge_of(graph).judge([Check("schema", FRONTIER, "", lambda _: Finding(False))], SHOP, run_id="test")
    assert graph.store.ledger.admitted(FRONTIER).is_empty()


def test_what_cannot_be_judged_is_refused(graph: Graph):
    with pytest.raises(NotAdmittedError, match="was never materialized"):
        judge_of(graph).judge(STEPS["frontier_checks"], SHOP, run_id="test")
    with pytest.raises(PermanentError, match="there is no source 'unknown'"):
        judge_of(graph).judge(STEPS["frontier_checks"], Partition(DAY, "unknown"), run_id="test")


def test_verdicts_on_rows_that_another_run_replaced_meanwhile_admit_nothing(graph: Graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))

    def written_meanwhile(_: Subject) -> Finding:
        put(graph.store, "frontier", frame("frontier"))
        return Finding(True)

    checks = [Check(name, FRONTIER, "", written_meanwhile) for name in FRONTIER.blocking_checks]
    with pytest.raises(TransientError, match="was written again while it was judged"):
        judge_of(graph).judge(checks, SHOP, run_id="test")
    assert graph.store.ledger.states(FRONTIER).item(0, "missing").to_list() == sorted(
        FRONTIER.blocking_checks
    )


def newest(graph: Graph, partition: Partition) -> dict[str, bool]:
    """Return what Dagster's newest evaluation of each check of the frontier says of a partition."""
    keys = [dg.AssetCheckKey(dg.AssetKey("frontier"), name) for name in FRONTIER.blocking_checks]
    storage = graph.instance.event_log_storage
    found = {}
    for key in keys:
        for record in storage.get_asset_check_execution_history(key, limit=20):
            evaluation = record.event.dagster_event.asset_check_evaluation_data if record.event else None
            if evaluation and evaluation.partition == partition.key:
                found[key.name] = evaluation.passed
                break
    return found


def test_dagster_is_told_without_a_run_and_shows_it_of_that_partition_alone(graph: Graph):
    graph.materialize("frontier", partition=BLOG)
    graph.make = lambda _: frame("frontier")
    graph.materialize("frontier", partition=SHOP)
    assert newest(graph, SHOP)["not_empty"] is False
    runs, materialized = len(graph.instance.get_runs()), graph.instance.get_materialized_partitions(
        dg.AssetKey("frontier")
    )  # fmt: skip
    lenient = [
        Check("not_empty", FRONTIER, "", lambda _: Finding(True, value=0, threshold=0, origin="source file"))
    ]
    judged = judge_of(graph).judge(lenient, SHOP, run_id="webdata checks run")
    assert tell_without_run(graph.instance, judged, SHOP) == 1
    assert newest(graph, SHOP)["not_empty"] is True
    assert newest(graph, BLOG)["not_empty"] is True
    assert len(graph.instance.get_runs()) == runs
    assert graph.instance.get_materialized_partitions(dg.AssetKey("frontier")) == materialized
    assert graph.store.ledger.admitted(FRONTIER).height == 2


def test_the_partitions_status_follows_in_what_the_ui_reads(graph: Graph):
    graph.make = lambda _: frame("frontier")
    graph.materialize("frontier", partition=SHOP)
    key = dg.AssetCheckKey(dg.AssetKey("frontier"), "not_empty")

    def status() -> str:
        (info,) = graph.instance.event_log_storage.get_asset_check_partition_info([key])
        assert info.partition_key == SHOP.key
        return info.latest_execution_status.value

    assert status() == "FAILED"
    judged = judge_of(graph).judge(
        [Check("not_empty", FRONTIER, "", lambda _: Finding(True))], SHOP, run_id="x"
    )
    tell_without_run(graph.instance, judged, SHOP)
    assert status() == "SUCCEEDED"


def test_dagster_is_told_as_often_as_one_judges(graph: Graph):
    graph.make = lambda _: frame("frontier")
    graph.materialize("frontier", partition=SHOP)
    for passed in (True, False, True):
        check = Check("not_empty", FRONTIER, "", lambda _, passed=passed: Finding(passed))
        judged = judge_of(graph).judge([check], SHOP, run_id="x")
        assert tell_without_run(graph.instance, judged, SHOP) == 1
        assert newest(graph, SHOP)["not_empty"] is passed


def test_an_asset_that_dagster_never_saw_is_not_told_of(graph: Graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    judged = judge_of(graph).judge(STEPS["frontier_checks"], SHOP, run_id="test")
    assert tell_without_run(graph.instance, judged, SHOP) == 0
