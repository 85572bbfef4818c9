"""The IO manager between Dagster and the store: typed frames in, admitted frames out."""

import polars as pl
import pytest

from webdata_assets.io_managers.table_schema import column_schema
from webdata_assets.schemas import TABLES
from webdata_assets.store.store import data_version
from webdata_assets_tests.io_managers.graph import failure_of, plain_frontier
from webdata_assets_tests.store.rows import BLOG, SHOP, admit, frame, put, row

FRONTIER = TABLES["frontier"]


def metadata_of(result, asset):
    events = result.asset_materializations_for_node(asset)
    return events[0].metadata


def test_an_output_is_written_as_one_partition_and_checked_and_admitted(graph):
    assert graph.materialize("frontier", partition=SHOP).success
    assert graph.materialize("frontier", partition=BLOG).success
    assert graph.store.tables.read_partition(FRONTIER, SHOP).equals(plain_frontier(SHOP))
    assert graph.store.ledger.admitted(FRONTIER).height == 2


def test_metadata_of_a_partitioned_output(graph):
    metadata = metadata_of(graph.materialize("frontier", partition=SHOP), "frontier")
    assert metadata["dagster/partition_row_count"].value == 1
    assert "dagster/row_count" not in metadata
    assert metadata["dagster/uri"].value == graph.store.location.table("frontier")
    assert metadata["data_version"].value == data_version(FRONTIER, plain_frontier(SHOP))[:16]
    assert metadata["delta_version"].value == "1"
    assert "dagster/column_schema" not in metadata


def test_the_columns_of_a_table_have_their_constraints():
    columns = column_schema(FRONTIER).columns
    assert [column.name for column in columns] == FRONTIER.polars_schema.names()
    unique = {column.name for column in columns if column.constraints.unique}
    nullable = {column.name for column in columns if column.constraints.nullable}
    assert unique == {"url"}
    assert nullable == {"etag", "last_modified", "payload_hash", "payload_date", "visited_at"}


def test_metadata_of_an_unpartitioned_output(graph):
    metadata = metadata_of(graph.materialize("corpus"), "corpus")
    assert metadata["dagster/row_count"].value == 0
    assert "dagster/partition_row_count" not in metadata
    assert metadata["dagster/uri"].value == graph.store.location.table("corpus")


def test_the_ledger_takes_versions_and_counts_from_the_outputs_metadata(graph):
    graph.metadata = {"extracted": 5, "code_version": "parser-2"}
    result = graph.materialize("frontier", partition=SHOP)
    write = graph.store.ledger.newest_write(FRONTIER, SHOP)
    assert (write.extracted, write.code_version, write.rows, write.run_id) == (
        5,
        "parser-2",
        1,
        result.run_id,
    )


def test_an_output_of_other_types_is_refused_and_the_rows_stay_as_they_were(graph):
    graph.materialize("frontier", partition=SHOP)
    graph.make = lambda partition: plain_frontier(partition).with_columns(pl.col("depth").cast(pl.Int64))
    result = graph.materialize("frontier", partition=SHOP)
    kind, message = failure_of(result, "frontier")
    assert kind == "SchemaMismatchError"
    assert "frame does not fit table frontier: depth is Int64, not Int32" in message
    assert graph.store.tables.read_partition(FRONTIER, SHOP).equals(plain_frontier(SHOP))


def test_rows_of_another_partition_are_refused(graph):
    graph.make = lambda _: plain_frontier(BLOG)
    kind, message = failure_of(graph.materialize("frontier", partition=SHOP), "frontier")
    assert kind == "PermanentError"
    assert "1 rows of frontier lie outside partition 2026-06-01|shop" in message


@pytest.mark.parametrize("partition", [SHOP, BLOG])
def test_a_partitioned_reader_gets_its_own_partition(graph, partition):
    for each in (SHOP, BLOG):
        graph.materialize("frontier", partition=each)
    assert graph.materialize("pages", partition=partition).success
    assert graph.seen["pages"].equals(plain_frontier(partition))


def test_a_reader_of_what_was_never_written_is_refused(graph):
    kind, message = failure_of(graph.materialize("pages", partition=SHOP), "pages")
    assert kind == "NotAdmittedError"
    assert "frontier 2026-06-01|shop was never materialized; materialize it first" in message


def test_a_later_run_of_the_reader_alone_is_refused_what_failed_its_checks(graph):
    graph.make = lambda _: frame("frontier")
    assert not graph.materialize("frontier", partition=SHOP).success
    kind, message = failure_of(graph.materialize("pages", partition=SHOP), "pages")
    assert kind == "NotAdmittedError"
    assert "frontier 2026-06-01|shop is not admitted: not_empty failed" in message
    assert graph.seen == {}
    assert not graph.store.tables.exists(TABLES["pages"])


def test_an_unpartitioned_reader_gets_admitted_partitions_only(graph):
    graph.materialize("frontier", partition=SHOP)
    put(graph.store, "frontier", frame("frontier", row("frontier", BLOG)), BLOG)
    graph.materialize("corpus")
    assert isinstance(graph.seen["corpus"], pl.LazyFrame)
    assert graph.seen["corpus"].collect()["source"].to_list() == ["shop"]
    admit(graph.store, "frontier", BLOG)
    graph.materialize("corpus")
    assert sorted(graph.seen["corpus"].collect()["source"]) == ["blog", "shop"]


def test_an_unpartitioned_reader_of_nothing_gets_an_empty_frame(graph):
    assert graph.materialize("corpus").success
    assert graph.seen["corpus"].collect().equals(FRONTIER.empty())


def test_an_unpartitioned_reader_in_the_run_of_one_partition_still_gets_all(graph):
    put(graph.store, "frontier", frame("frontier", row("frontier", BLOG)), BLOG)
    admit(graph.store, "frontier", BLOG)
    assert graph.materialize("frontier", "corpus", partition=SHOP).success
    assert sorted(graph.seen["corpus"].collect()["source"]) == ["blog", "shop"]


def test_an_unpartitioned_reader_may_take_collected_frames(graph):
    graph.materialize("frontier", partition=SHOP)
    graph.materialize("corpus")
    assert graph.materialize("delivery").success
    frontier, corpus = graph.seen["delivery"]
    assert frontier.equals(plain_frontier(SHOP))
    assert corpus.equals(frame("corpus"))


def test_an_unpartitioned_asset_that_is_not_admitted_is_refused(graph):
    put(graph.store, "corpus", frame("corpus"), None)
    kind, message = failure_of(graph.materialize("delivery"), "delivery")
    assert kind == "NotAdmittedError"
    assert "corpus is not admitted: canonical, reconciliation, schema, unique_keys did not run" in message


def test_a_rerun_of_a_partition_replaces_it(graph):
    for number in (3, 4):
        graph.make = lambda partition, n=number: frame("frontier", row("frontier", partition, n))
        assert graph.materialize("frontier", partition=SHOP).success
    assert graph.store.tables.scan(FRONTIER).collect().equals(frame("frontier", row("frontier", SHOP, 4)))


def test_zero_rows_are_a_partition_too(graph):
    graph.make = lambda _: frame("frontier")
    result = graph.materialize("frontier", partition=SHOP)
    assert metadata_of(result, "frontier")["dagster/partition_row_count"].value == 0
    assert graph.store.ledger.newest_write(FRONTIER, SHOP).rows == 0
