"""What keeps readers out, and what a partition's past is."""

import datetime as dt

import orjson
import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.store import Store
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.store.rows import DAY, SHOP, frame, put, row, verdicts

FRONTIER = TABLES["frontier"]


def write(store: Store, partition: Partition = SHOP, **values: object) -> None:
    put(store, "frontier", frame("frontier", row("frontier", partition, **values)), partition)


def judge(store: Store, partition: Partition = SHOP, **changed: Verdict) -> None:
    given = {verdict.check: verdict for verdict in verdicts(FRONTIER)}
    store.ledger.record(FRONTIER, partition, [*(given | changed).values()], run_id="run")


def on_day(number: int) -> Partition:
    return Partition(DAY + dt.timedelta(days=number), SHOP.source)


def test_a_blocking_check_that_only_warns_keeps_nobody_out(store):
    write(store)
    judge(store, not_empty=Verdict("not_empty", passed=False, severity="WARN"))
    assert store.ledger.states(FRONTIER).item(0, "failed").to_list() == []
    assert store.read_admitted(FRONTIER, SHOP).height == 1


def test_a_blocking_check_that_fails_keeps_readers_out_after_an_earlier_warning(store):
    write(store)
    judge(store, not_empty=Verdict("not_empty", passed=False, severity="WARN"))
    judge(store, not_empty=Verdict("not_empty", passed=False))
    assert store.ledger.admitted(FRONTIER).is_empty()


def test_a_verdict_keeps_its_metrics_and_where_its_threshold_came_from(store):
    write(store)
    found = Verdict(
        "not_empty", passed=True, threshold=1, threshold_origin="history", metrics={"b": 2, "a": 1.5}
    )
    judge(store, not_empty=found)
    verdict = store.ledger.newest_verdicts(FRONTIER, "not_empty").row(0, named=True)
    assert (verdict["threshold_origin"], orjson.loads(verdict["metrics"])) == (
        "history",
        {"a": 1.5, "b": 2.0},
    )


def test_the_past_of_a_partition_is_what_was_admitted_before_its_date(store):
    for number in (0, 1, 2, 4):
        write(store, on_day(number))
        judge(store, on_day(number), **({"schema": Verdict("schema", passed=False)} if number == 1 else {}))
    past = store.ledger.earlier_verdicts(FRONTIER, on_day(3))
    assert past["date"].unique().sort().to_list() == [on_day(0).date, on_day(2).date]
    assert store.ledger.earlier_verdicts(FRONTIER, on_day(3), since=on_day(1).date)[
        "date"
    ].unique().to_list() == [on_day(2).date]


def test_states_follow_what_another_process_enters(store, tmp_path):
    write(store)
    assert store.ledger.states(FRONTIER).item(0, "admitted") is False
    judge(Store.open(str(tmp_path / "store")))
    assert store.ledger.states(FRONTIER).item(0, "admitted") is True


def test_a_table_of_an_earlier_version_gets_the_columns_that_came_since(store):
    older = CHECK_RESULTS.empty().drop("metrics", "threshold_origin")
    older.write_delta(
        store.location.table(CHECK_RESULTS.name), delta_write_options={"partition_by": ["asset"]}
    )
    assert store.tables.scan(CHECK_RESULTS).collect().schema == CHECK_RESULTS.polars_schema
    write(store)
    judge(store, not_empty=Verdict("not_empty", passed=True, metrics={"rows": 1}))
    assert store.read_admitted(FRONTIER, SHOP).height == 1
    kept = store.tables.scan(CHECK_RESULTS).filter(pl.col("metrics").is_not_null()).collect()
    assert kept["check"].to_list() == ["not_empty"]
