"""Rollback: the rows of an earlier version, and a ledger that says of them what it said then."""

import dataclasses
import datetime as dt

import polars as pl
import pytest

from webdata_assets.errors import NotAdmittedError, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import rollback
from webdata_assets.store.rollback import roll_back
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, admit, frame, put, row
from webdata_assets_tests.store.test_migration import NARROW, WIDE
from webdata_assets_tests.store.test_migration import rows as grown

RECORDS, QUARANTINE, FRONTIER = TABLES["records"], TABLES["quarantine"], TABLES["frontier"]


def write(store, name, count, partition=SHOP, **passed):
    """Write a partition of so many rows and judge it; return its data version and Delta version."""
    data = put(store, name, frame(name, *(row(name, partition, at) for at in range(count))), partition)
    admit(store, name, partition, **passed)
    return data, store.tables.version(TABLES[name])


def state(store, table, partition=SHOP):
    return store.ledger.states(table).row(
        by_predicate=(pl.col("date") == partition.date) & (pl.col("source") == partition.source), named=True
    )


def test_a_rolled_back_partition_is_admitted_as_its_data_version_was(store):
    good, version = write(store, "frontier", 1)
    write(store, "frontier", 2, schema=False)
    with pytest.raises(NotAdmittedError):
        store.read_admitted(FRONTIER, SHOP)
    [back] = roll_back(store, "frontier", version, SHOP)
    assert (back.data_version, back.rows, back.admitted) == (good, 1, True)
    assert store.read_admitted(FRONTIER, SHOP).height == 1


def test_going_back_to_what_had_failed_admits_nothing(store):
    bad, version = write(store, "frontier", 2, schema=False)
    write(store, "frontier", 1)
    [back] = roll_back(store, "frontier", version, SHOP)
    assert (back.data_version, back.admitted) == (bad, False)
    assert state(store, FRONTIER)["failed"] == ["schema"]


def test_what_was_never_judged_is_not_admitted_by_a_rollback(store):
    put(store, "frontier", frame("frontier", row("frontier")))
    version = store.tables.version(FRONTIER)
    write(store, "frontier", 2)
    [back] = roll_back(store, "frontier", version, SHOP)
    assert not back.admitted
    assert set(state(store, FRONTIER)["missing"]) == set(FRONTIER.blocking_checks)


def test_other_partitions_stay_when_one_goes_back(store):
    _, version = write(store, "frontier", 1)
    write(store, "frontier", 2)
    write(store, "frontier", 3, BLOG)
    before = state(store, FRONTIER, BLOG)
    roll_back(store, "frontier", version, SHOP)
    assert store.read_admitted(FRONTIER, BLOG).height == 3
    assert state(store, FRONTIER, BLOG) == before


def test_a_whole_table_goes_back_in_one_commit_and_only_what_differs_is_entered(store):
    write(store, "frontier", 1)
    _, version = write(store, "frontier", 1, BLOG)
    unchanged = state(store, FRONTIER, BLOG)
    write(store, "frontier", 2)
    later = Partition(DAY + dt.timedelta(days=1), SHOP.source)
    write(store, "frontier", 4, later)
    newest = store.tables.version(FRONTIER)
    changed = roll_back(store, "frontier", version)
    assert store.tables.version(FRONTIER) == newest + 1
    assert {(one.partition, one.rows, one.admitted) for one in changed} == {
        (SHOP, 1, True),
        (later, 0, False),
    }
    assert store.read_admitted(FRONTIER, SHOP).height == 1
    assert store.tables.read_partition(FRONTIER, later).is_empty()
    assert state(store, FRONTIER, BLOG) == unchanged


def test_a_moment_names_the_version_that_was_newest_then(store):
    write(store, "frontier", 1)
    moment = dt.datetime.now(dt.UTC)
    write(store, "frontier", 2)
    [back] = roll_back(store, "frontier", moment)
    assert back.rows == 1
    with pytest.raises(PermanentError, match="its log begins at"):
        roll_back(store, "frontier", dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


def test_downstream_is_behind_what_was_rolled_back(store):
    _, version = write(store, "records", 1)
    write(store, "records", 2)
    write(store, "embeddings", 1)
    roll_back(store, "records", version, SHOP)
    assert state(store, RECORDS)["at"] > state(store, TABLES["embeddings"])["at"]


def test_tables_that_one_step_writes_go_back_together(store):
    for number, run in ((1, "first"), (2, "second")):
        for name in ("records", "quarantine"):
            rows = frame(name, *(row(name, SHOP, at) for at in range(number)))
            store.ledger.begin_write(
                TABLES[name], SHOP, data_version=str(number) * 64, code_version=None, rows=number,
                extracted=None, run_id=run,
            )  # fmt: skip
            store.tables.overwrite(TABLES[name], rows, partition=SHOP, run_id=run, data_version="0" * 64)
    changed = roll_back(store, "records", store.tables.version(RECORDS) - 1, SHOP)
    assert [(one.table.name, one.rows) for one in changed] == [("records", 1), ("quarantine", 1)]
    assert store.tables.read_partition(QUARANTINE, SHOP).height == 1


def step(store, run, number, partition=SHOP):
    """Write records and quarantine of so many rows as one step does; return the version of records."""
    for name in ("records", "quarantine"):
        rows = frame(name, *(row(name, partition, at) for at in range(number)))
        store.tables.overwrite(TABLES[name], rows, partition=partition, run_id=run, data_version="0" * 64)
    return store.tables.version(RECORDS)


def heights(store, partition=SHOP):
    return [store.tables.read_partition(table, partition).height for table in (RECORDS, QUARANTINE)]


@pytest.mark.parametrize("whole", [False, True])
def test_tables_of_one_step_agree_after_going_back_to_where_a_rollback_went(store, whole):
    first, second = step(store, "one", 1), step(store, "two", 2)
    roll_back(store, "records", first, None if whole else SHOP)
    back = store.tables.version(RECORDS)
    step(store, "three", 3)
    roll_back(store, "records", second, None if whole else SHOP)
    assert heights(store) == [2, 2]
    roll_back(store, "records", back, SHOP)
    assert heights(store) == [1, 1]


def test_tables_of_one_step_agree_after_going_back_to_a_run_that_wrote_more_later(store):
    first = step(store, "one", 1)
    step(store, "one", 2, BLOG)
    step(store, "one", 3)
    roll_back(store, "records", first)
    assert (heights(store), heights(store, BLOG)) == ([1, 1], [0, 0])


def test_the_table_that_a_step_writes_last_may_be_the_one_that_is_named(store):
    step(store, "one", 1)
    first = store.tables.version(QUARANTINE)
    step(store, "one", 2)
    changed = roll_back(store, "quarantine", first, SHOP)
    assert [one.table.name for one in changed] == ["records", "quarantine"]
    assert heights(store) == [1, 1]


@pytest.mark.parametrize("partition", [SHOP, None])
def test_rows_that_a_migration_made_wider_are_admitted_as_they_were(store, monkeypatch, partition):
    narrow, wide = (dataclasses.replace(table, blocking_checks=("schema",)) for table in (NARROW, WIDE))
    monkeypatch.setattr(rollback, "TABLES", {**TABLES, "grown": wide})
    monkeypatch.setitem(TABLES, "grown", narrow)
    put(store, "grown", grown(narrow, SHOP, 3))
    admit(store, "grown")
    store.tables.migrate(wide)
    migrated = store.tables.version(wide)
    monkeypatch.setitem(TABLES, "grown", wide)
    put(store, "grown", grown(wide, SHOP, 4))
    [back] = roll_back(store, "grown", migrated, partition)
    assert (back.rows, back.admitted) == (3, True)


@pytest.mark.parametrize("killed_at", ["_verdicts", "restore"])
def test_a_rollback_killed_halfway_admits_nothing_and_is_completed_by_another(store, monkeypatch, killed_at):
    good, version = write(store, "frontier", 1)
    write(store, "frontier", 2)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        target = rollback if killed_at == "_verdicts" else type(store.tables)
        patch.setattr(target, killed_at, killed)
        roll_back(store, "frontier", version)
    assert not state(store, FRONTIER)["admitted"]
    [back] = roll_back(store, "frontier", version)
    assert (back.data_version, back.admitted) == (good, True)


@pytest.mark.parametrize("name", ["vector_index", "release", "delivery", "slo", "nothing"])
def test_what_cannot_go_back_by_itself_is_refused_with_a_remedy(store, name):
    with pytest.raises(PermanentError, match="cannot be rolled back"):
        roll_back(store, name, 0)


def test_a_version_whose_files_are_gone_is_refused_and_nothing_changes(store):
    _, version = write(store, "frontier", 1)
    path = pl.DataFrame(store.tables.open(FRONTIER).get_add_actions())["path"][0]
    write(store, "frontier", 2)
    (store.location.folder("tables", "frontier") / path).unlink()
    before = state(store, FRONTIER)
    with pytest.raises(PermanentError, match="1 of its files are gone"):
        roll_back(store, "frontier", version)
    assert state(store, FRONTIER) == before


def test_an_unpartitioned_table_goes_back(store):
    table = TABLES["model"]
    empty = table.empty()
    put(store, "model", empty, None)
    admit(store, "model", None)
    [back] = roll_back(store, "model", store.tables.version(table))
    assert (back.partition, back.rows, back.admitted) == (None, 0, True)
