"""When to retrain and when to publish: the rules over ledgers written for the test."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.automation.causes import INTERRUPTED_AFTER
from webdata_assets.automation.jobs import PUBLISH, RETRAIN
from webdata_assets.automation.refresh import LEARNT_FROM, Refresh, plan_refresh
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.tasks.model import Retrain
from webdata_assets_tests.automation.history import DAY, HOUR, MINUTE, NOON, UNPARTITIONED, History, news

ENOUGH = 3
RULES = Retrain(after_partitions=ENOUGH)


def dates(count: int) -> list[dt.date]:
    return [DAY - dt.timedelta(days=number) for number in range(count)]


def admit_dates(history: History, count: int, at: dt.datetime, *, content: str = "") -> None:
    for date in dates(count):
        history.admit(news(date), at, content=content)


def plan(
    history: History, now: dt.datetime = NOON + dt.timedelta(days=30), rules: Retrain = RULES
) -> Refresh:
    return plan_refresh(history.store, rules, {"news"}, now)


def measure(history: History, at: dt.datetime, **breached: float) -> None:
    """Write the signals of the monitoring; those given are above their limit of a half."""
    rows = [
        {
            "signal": signal, "name": "all", "value": breached.get(signal), "threshold": 0.5,
            "breached": signal in breached, "reference_rows": 100, "current_rows": 100, "measured_at": at,
        }
        for signal in ("drifted_share", "domain_auc", "metric")
    ]  # fmt: skip
    history.opened.tables.overwrite(
        MONITORING,
        pl.DataFrame(rows, schema=MONITORING.polars_schema),
        partition=None,
        run_id="run",
        data_version="0" * 64,
    )
    history.write("monitoring", at, content=str(breached))


def test_an_empty_store_needs_nothing(history: History):
    assert plan(history).job is None


def test_the_first_training_waits_for_enough_partitions_and_publishing_does_not(history: History):
    admit_dates(history, ENOUGH - 1, NOON)
    assert plan(history).job == PUBLISH
    history.admit(news(dates(ENOUGH)[-1]), NOON + HOUR)
    assert (plan(history).job, plan(history).reason) == (RETRAIN, "3 newly admitted partitions")


def test_partitions_that_are_not_admitted_do_not_count(history: History):
    admit_dates(history, ENOUGH - 1, NOON)
    last = news(dates(ENOUGH)[-1])
    history.write("embeddings", NOON, partition=last, failed=["unit_vectors"])
    assert plan(history).job == PUBLISH
    history.write("embeddings", NOON + MINUTE, partition=last, unchecked=True)
    assert plan(history).job == PUBLISH


def test_after_a_training_nothing_is_due(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    assert (plan(history).job, plan(history).reason) == (None, "nothing was admitted since the last run")


def test_nothing_is_published_while_a_partition_is_between_write_and_verdicts(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write("records", NOON + 2 * HOUR, partition=news(), unchecked=True)
    at_once = plan(history, NOON + 2 * HOUR + MINUTE)
    assert (at_once.job, at_once.reason) == (None, "1 partitions are being written")
    assert plan(history, NOON + 3 * HOUR).job == PUBLISH  # its run died: the others do not wait for it


@pytest.mark.parametrize("left", ["records", "changes"])
def test_training_waits_until_the_repair_of_what_a_dead_run_left_can_be_at_work(history: History, left: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    admit_dates(history, ENOUGH, NOON + 2 * HOUR, content="new")
    history.write(left, NOON + 3 * HOUR, partition=news(), content="newer", unchecked=left == "records")
    repair_due = NOON + 3 * HOUR + INTERRUPTED_AFTER + MINUTE
    assert [repair.partition for repair in history.repairs(repair_due)] == [news()]
    assert plan(history, repair_due).job is None
    assert plan(history, repair_due + INTERRUPTED_AFTER).job is not None


def test_nothing_is_published_while_partitions_are_to_be_compared_with_a_late_date(
    history: History,
):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.outdate(news(DAY + dt.timedelta(days=2)), NOON + 2 * HOUR)
    soon = plan(history, NOON + 2 * HOUR + 5 * MINUTE)
    assert (soon.job, soon.reason) == (
        None,
        "1 partitions are to be compared with earlier dates that have changed",
    )
    assert plan(history, NOON + 3 * HOUR).job == PUBLISH  # nobody compared it


def test_fewer_new_partitions_are_published_without_training(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
    assert plan(history).job == PUBLISH


def test_what_was_published_still_counts_towards_the_next_training(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    for number in range(ENOUGH):
        at = NOON + (2 + number) * HOUR
        history.admit(news(DAY + dt.timedelta(days=1 + number)), at)
        expected = PUBLISH if number < ENOUGH - 1 else RETRAIN
        assert plan(history).job == expected
        for layer in ("corpus", "vector_index", "release", "monitoring", "delivery"):
            history.write(layer, at + 30 * MINUTE)


def test_partitions_that_are_made_again_as_they_were_do_not_count(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    admit_dates(history, ENOUGH, NOON + 2 * HOUR)
    assert (plan(history).job, plan(history).reason) == (
        PUBLISH,
        "partitions were withdrawn, or written again as they were",
    )


@pytest.mark.parametrize("layer", ["records", "features", "embeddings"])
def test_partitions_of_which_a_training_reads_anything_else_count(history: History, layer: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    for date in dates(ENOUGH):
        for each in LEARNT_FROM:
            content = "another" if each == layer else ""
            history.write(each, NOON + 2 * HOUR, partition=news(date), content=content)
    assert (plan(history).job, plan(history).reason) == (RETRAIN, "3 newly admitted partitions")


def test_a_partition_counts_that_was_out_when_the_model_was_trained(history: History):
    admit_dates(history, ENOUGH, NOON)
    for number, date in enumerate(dates(ENOUGH)):
        history.write("embeddings", NOON + HOUR + number * MINUTE, partition=news(date), unchecked=True)
    history.train(NOON + 2 * HOUR)
    admit_dates(history, ENOUGH, NOON + 3 * HOUR)
    assert plan(history).job == RETRAIN


@pytest.mark.parametrize("check", ["completeness", "freshness"])
def test_one_repaired_partition_is_enough_to_retrain(history: History, check: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    repaired = news(DAY + dt.timedelta(days=1))
    history.write("pages", NOON + 2 * HOUR, partition=repaired, failed=[check], content="broken")
    history.admit(repaired, NOON + 3 * HOUR)
    assert (plan(history).job, plan(history).reason) == (RETRAIN, f"1 repaired partitions: {repaired}")
    history.train(NOON + 4 * HOUR)
    assert plan(history).job is None


def test_a_repair_of_anything_else_is_published(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    repaired = news(DAY + dt.timedelta(days=1))
    history.write("pages", NOON + 2 * HOUR, partition=repaired, failed=["payload_hash"], content="broken")
    history.admit(repaired, NOON + 3 * HOUR)
    assert plan(history).job == PUBLISH


def test_a_partition_that_lost_its_admission_is_withdrawn_by_publishing(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write("records", NOON + 2 * HOUR, partition=news(), failed=["valid_share"], content="worse")
    assert plan(history).job == PUBLISH


def test_a_partition_judged_after_the_training_is_new_though_written_before_it(history: History):
    admit_dates(history, ENOUGH, NOON)
    late = news(DAY + dt.timedelta(days=1))
    history.admit(late, NOON, layers=["frontier", "pages", "records", "features"])
    history.write("embeddings", NOON + MINUTE, partition=late, checked_at=NOON + 2 * HOUR)
    history.train(NOON + HOUR)
    assert (plan(history).job, plan(history).reason) == (
        PUBLISH,
        "1 newly admitted partitions, not enough to retrain",
    )


@pytest.mark.parametrize(
    ("written", "job"),
    [
        (("corpus",), RETRAIN),
        (("corpus", "vector_index", "training_set"), RETRAIN),
        (("corpus", "vector_index", "training_set", "model"), PUBLISH),
        (("corpus", "vector_index", "training_set", "model", "release"), PUBLISH),
        (UNPARTITIONED, None),
    ],
)
def test_a_retraining_that_was_killed_is_brought_to_its_end(
    history: History, written: tuple[str, ...], job: str | None
):
    admit_dates(history, ENOUGH, NOON)
    for number, layer in enumerate(written):
        history.write(layer, NOON + HOUR + number * MINUTE)
    assert plan(history).job == job


@pytest.mark.parametrize(
    "written", [("corpus",), ("corpus", "vector_index"), ("corpus", "vector_index", "release")]
)
def test_a_publishing_that_was_killed_is_brought_to_its_end(history: History, written: tuple[str, ...]):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
    for number, layer in enumerate(written):
        history.write(layer, NOON + 3 * HOUR + number * MINUTE)
    assert plan(history).job == PUBLISH


@pytest.mark.parametrize("signal", ["drifted_share", "domain_auc", "metric"])
def test_a_signal_above_its_limit_retrains_once(history: History, signal: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
    measure(history, NOON + 3 * HOUR, **{signal: 0.75})
    assert (plan(history).job, plan(history).reason) == (RETRAIN, f"{signal} all 0.750 (limit 0.500)")
    history.train(NOON + 4 * HOUR)
    assert plan(history).job is None


@pytest.mark.parametrize(
    ("signal", "rules"),
    [
        ("drifted_share", Retrain(after_partitions=ENOUGH, on_drift=False)),
        ("domain_auc", Retrain(after_partitions=ENOUGH, on_drift=False)),
        ("metric", Retrain(after_partitions=ENOUGH, below_floor=False)),
    ],
)
def test_a_signal_that_the_task_switches_off_retrains_nothing(history: History, signal: str, rules: Retrain):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
    measure(history, NOON + 3 * HOUR, **{signal: 0.75})
    assert plan(history, rules=rules).job == PUBLISH


def test_nothing_is_published_while_vectors_of_two_encoders_are_held(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write("embeddings", NOON + 2 * HOUR, partition=news(dates(1)[0]), model="tiny@1")
    assert (plan(history).job, plan(history).reason) == (None, "partitions hold vectors of 2 encoders")


def test_a_model_that_was_refused_is_not_trained_again_on_the_same_data(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write("model", NOON + 2 * HOUR, failed=["score_floor"])
    assert plan(history).job == PUBLISH  # the run ended there: what follows is released with the champion
    for number, layer in enumerate(("release", "monitoring", "delivery")):
        history.write(layer, NOON + 2 * HOUR + (1 + number) * MINUTE)
    assert plan(history).job is None
    admit_dates(history, ENOUGH, NOON + 3 * HOUR, content="another price")
    assert plan(history).job == RETRAIN


@pytest.mark.parametrize(("layer", "check"), [("model", "artefact_hash"), ("training_set", "admitted_only")])
def test_a_training_that_may_end_otherwise_is_repeated(history: History, layer: str, check: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write(layer, NOON + 2 * HOUR, failed=[check])
    assert (plan(history).job, plan(history).reason) == (RETRAIN, f"{layer}.{check} failed")


@pytest.mark.parametrize(
    ("layer", "check"),
    [
        ("near_duplicates", "canonical"),
        ("corpus", "reconciliation"),
        ("vector_index", "recall"),
        ("release", "whole_pair"),
        ("delivery", "same_content"),
    ],
)
def test_what_failed_is_published_again(history: History, layer: str, check: str):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    history.write(layer, NOON + 2 * HOUR, failed=[check])
    assert (plan(history).job, plan(history).reason) == (PUBLISH, f"{layer}.{check} failed")


@pytest.mark.parametrize("layer", ["corpus", "vector_index", "delivery"])
def test_what_only_a_person_can_mend_is_not_published_again_until_something_is_new(
    history: History, layer: str
):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    layers = UNPARTITIONED[UNPARTITIONED.index(layer) :]
    for number, name in enumerate(layers):
        at = NOON + 2 * HOUR + number * MINUTE
        history.write(name, at, failed=["schema"] if name == layer else [])
    assert plan(history).job is None
    history.admit(news(DAY + dt.timedelta(days=1)), NOON + 3 * HOUR)
    assert plan(history).job == PUBLISH


def test_a_check_that_only_warned_made_no_repair(history: History):
    admit_dates(history, ENOUGH, NOON)
    history.train(NOON + HOUR)
    warned = news(DAY + dt.timedelta(days=1))
    history.admit(warned, NOON + 2 * HOUR)
    for entry in history.entries:
        if (entry["asset"], entry["check"], entry["date"]) == ("records", "completeness", warned.date):
            entry |= {"passed": False, "severity": "WARN"}
    assert plan(history).job == PUBLISH


def test_the_fingerprint_changes_with_what_is_admitted_and_with_nothing_else(history: History):
    admit_dates(history, ENOUGH, NOON)
    before = plan(history).fingerprint
    history.train(NOON + HOUR)
    history.write("pages", NOON + HOUR, partition=news(DAY + dt.timedelta(days=9)), failed=["freshness"])
    admit_dates(history, ENOUGH, NOON + 2 * HOUR)
    assert plan(history).fingerprint == before
    history.admit(news(), NOON + 3 * HOUR, layers=["records"], content="another price")
    assert plan(history).fingerprint != before
