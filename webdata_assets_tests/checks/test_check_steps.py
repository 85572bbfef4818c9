"""What Dagster and the ledger are told, and the preview behaviour of partitioned checks that we rely on."""

import dagster as dg
import polars as pl
import pytest

from webdata_assets.checks.catalogue import STEPS, build_checks
from webdata_assets.checks.check import Check, Finding
from webdata_assets.checks.factory import build_check_step
from webdata_assets.definitions import build_resources
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets_tests.io_managers.graph import GRID, SILENT, failure_of, plain_frontier
from webdata_assets_tests.store.rows import BLOG, SHOP, frame, put, row

FRONTIER = TABLES["frontier"]
IMAGE = "![](https://evil.example/pixel.png)"


def evaluations(result):
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def run_checks(graph, partition=SHOP, *checks):
    """Run checks of the frontier after an asset that writes nothing: those of the catalogue, or the given."""

    @dg.asset(partitions_def=GRID)
    def frontier() -> None:
        pass

    definitions = dg.Definitions(
        assets=[frontier],
        asset_checks=[build_check_step("step", checks or STEPS["frontier_checks"], GRID)],
        jobs=[dg.define_asset_job("checked")],
        resources=build_resources(graph.settings),
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def("checked").execute_in_process(
        instance=graph.instance, partition_key=partition.key, raise_on_error=False, run_config=SILENT
    )


def test_the_blocking_checks_of_a_table_are_those_of_the_catalogue():
    for name, table in TABLES.items():
        checks = [check for step in STEPS.values() for check in step if check.table.name == name]
        blocking = [check.name for check in checks if check.blocking]
        assert sorted(blocking) == sorted(table.blocking_checks), name
        assert len({check.name for check in checks}) == len(checks)


def test_the_checks_of_a_step_are_of_one_step_of_the_graph():
    for checks in STEPS.values():
        assert len({check.table.partitioned for check in checks}) == 1


def test_every_check_has_the_partitions_of_its_asset_and_a_sentence():
    for step in build_checks(GRID):
        for spec in step.check_specs:
            table = TABLES[spec.asset_key.to_user_string()]
            assert spec.partitions_def == (GRID if table.partitioned else None), spec.key
            assert spec.blocking is (spec.name in table.blocking_checks)
            assert spec.description


def test_an_evaluation_carries_its_partition_and_its_materialization(graph):
    result = graph.materialize("frontier", partition=SHOP)
    written = graph.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey("frontier"), asset_partitions=[SHOP.key]), limit=1
    ).records[0]
    found = evaluations(result)
    assert set(found) == set(FRONTIER.blocking_checks)
    for evaluation in found.values():
        assert evaluation.partition == SHOP.key
        assert evaluation.target_materialization_data.run_id == result.run_id
        assert evaluation.target_materialization_data.storage_id == written.storage_id


def test_the_partition_of_an_evaluation_is_that_of_its_run(graph):
    for partition in (BLOG, SHOP):
        found = evaluations(graph.materialize("frontier", partition=partition))
        assert {evaluation.partition for evaluation in found.values()} == {partition.key}


def test_a_failed_blocking_check_stops_downstream_in_the_run(graph):
    graph.make = lambda _: frame("frontier")
    result = graph.materialize("frontier", "pages", partition=SHOP)
    assert not result.success
    assert graph.seen == {}
    assert not evaluations(result)["not_empty"].passed
    started = {event.step_key for event in result.all_events if event.event_type_value == "STEP_START"}
    assert started == {"frontier", "frontier_checks"}


def test_a_failed_blocking_check_leaves_the_partition_materialized(graph):
    graph.make = lambda _: frame("frontier")
    graph.materialize("frontier", partition=SHOP)
    assert graph.instance.get_materialized_partitions(dg.AssetKey("frontier")) == {SHOP.key}
    assert graph.store.ledger.admitted(FRONTIER).is_empty()


def test_passed_checks_let_downstream_run(graph):
    assert graph.materialize("frontier", "pages", partition=SHOP).success
    assert graph.seen["pages"].equals(plain_frontier(SHOP))


def test_one_partition_that_fails_keeps_no_other_from_running(graph):
    graph.make = lambda partition: frame("frontier") if partition == BLOG else plain_frontier(partition)
    assert not graph.materialize("frontier", "pages", partition=BLOG).success
    assert graph.materialize("frontier", "pages", partition=SHOP).success


def test_dagster_and_the_ledger_are_told_the_same(graph):
    graph.make = lambda partition: frame("frontier", row("frontier", partition, url="ftp://x/"))
    result = graph.materialize("frontier", partition=SHOP)
    told = {
        name: (
            each.passed,
            each.severity.value,
            each.metadata["value"].value,
            each.metadata["threshold"].value,
        )
        for name, each in evaluations(result).items()
    }
    written = graph.store.tables.scan(CHECK_RESULTS).filter(pl.col("check") != "materialized").collect()
    kept = {
        check: tuple(rest)
        for check, *rest in written.select("check", "passed", "severity", "value", "threshold").iter_rows()
    }
    assert told == kept
    assert not told["schema"][0]
    assert written["blocking"].all()
    assert written["run_id"].unique().to_list() == [result.run_id]
    assert written["data_version"].n_unique() == 1


def test_metadata_of_results_is_plain_numbers_and_crawled_text_is_text(graph):
    def quoting(subject):
        return Finding(False, value=2, threshold=1, detail=f"found {IMAGE}", metrics={"pages": 3})

    put(graph.store, "frontier", frame("frontier", row("frontier")))
    result = run_checks(graph, SHOP, Check("quoting", FRONTIER, "Quotes a page.", quoting))
    metadata = evaluations(result)["quoting"].metadata
    assert isinstance(metadata["detail"], dg.TextMetadataValue)
    assert metadata["detail"].value == f"found {IMAGE}"
    assert metadata["threshold_origin"].value == "fixed"
    numbers = {name: value for name, value in metadata.items() if name not in ("detail", "threshold_origin")}
    assert {name: value.value for name, value in numbers.items()} == {"value": 2, "threshold": 1, "pages": 3}
    assert all(isinstance(value, dg.FloatMetadataValue | dg.IntMetadataValue) for value in numbers.values())


def test_details_are_stripped_of_characters_that_disguise_what_is_shown(graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    disguised = Check("quoting", FRONTIER, "", lambda _: Finding(False, detail="a\x1b[31m\u202eb\x00 c\nd"))
    result = run_checks(graph, SHOP, disguised)
    assert evaluations(result)["quoting"].metadata["detail"].value == "a[31mb c\nd"
    assert graph.store.ledger.newest_verdicts(FRONTIER, "quoting")["detail"].to_list() == ["a[31mb c\nd"]


def test_a_check_that_does_not_block_warns(graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    check = Check("advisory", FRONTIER, "Never passes.", lambda _: Finding(False))
    result = run_checks(graph, SHOP, check)
    assert result.success
    assert evaluations(result)["advisory"].severity is dg.AssetCheckSeverity.WARN
    assert evaluations(result)["advisory"].blocking is False


def test_a_formula_that_crashes_is_a_bug_and_no_verdict(graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    check = Check("crashing", FRONTIER, "Divides by zero.", lambda _: Finding(1 / 0 > 0))
    result = run_checks(graph, SHOP, check)
    assert failure_of(result, "step")[0] == "ZeroDivisionError"
    assert evaluations(result) == {}
    assert graph.store.ledger.verdict_counts() == (0, 0)


def test_a_check_run_alone_judges_what_is_stored(graph):
    put(graph.store, "frontier", frame("frontier", row("frontier")))
    assert run_checks(graph).success
    assert graph.store.ledger.admitted(FRONTIER).height == 1


@pytest.mark.parametrize("committed", [None, plain_frontier(SHOP)], ids=["nothing", "an older version"])
def test_a_write_that_was_never_committed_cannot_be_admitted_by_its_checks(graph, committed):
    if committed is not None:
        put(graph.store, "frontier", committed)
        assert run_checks(graph).success
    graph.store.ledger.begin_write(
        FRONTIER, SHOP, data_version="f" * 64, code_version="1", rows=1, extracted=None, run_id="crashed"
    )
    kind, message = failure_of(run_checks(graph), "step")
    assert kind == "NotAdmittedError"
    assert "frontier 2026-06-01|shop" in message
    assert graph.store.ledger.admitted(FRONTIER).is_empty()


def test_checks_of_what_was_never_written_are_refused(graph):
    assert failure_of(run_checks(graph), "step")[0] == "NotAdmittedError"
