"""Service levels of any runs, worked out run by run."""

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.observe.service_levels import RunFacts, StepFacts, Try, service_levels
from webdata_assets_tests.cross_checks.levelling import levels

START = dt.datetime(2026, 5, 30, tzinfo=dt.UTC)
STATUSES = ["success", "success", "failure", "cancelled", "in_progress"]
KINDS = ["check", "target_outage", "error"]


def any_runs(chance: random.Random) -> list[RunFacts]:
    """Return runs of three days around the end of a month, some of which retry an earlier one."""
    runs: list[RunFacts] = []
    for number in range(chance.randrange(1, 9)):
        retried = chance.choice(runs) if runs and chance.random() < 0.4 else None
        created = START + dt.timedelta(minutes=chance.randrange(3 * 24 * 60))
        started = created + dt.timedelta(seconds=chance.randrange(9)) if chance.random() < 0.9 else None
        status = chance.choice(STATUSES)
        runs.append(
            RunFacts(
                run_id=str(number),
                root_run_id=retried.root_run_id if retried else str(number),
                job=retried.job if retried else chance.choice(["crawl", "publish"]),
                status=status,
                created=created,
                enqueued=created + dt.timedelta(seconds=1) if started and chance.random() < 0.3 else None,
                started=started,
                ended=started + dt.timedelta(seconds=60) if started and status != "in_progress" else None,
                steps=any_steps(chance, started),
                failure=chance.choice(KINDS) if status == "failure" else None,
            )
        )
    return runs


def any_steps(chance: random.Random, started: dt.datetime | None) -> tuple[StepFacts, ...]:
    """Return steps in an order of their plan; those that ran begin after what they depend on has ended."""
    steps: list[StepFacts] = []
    for key in "abcde"[: chance.randrange(6)]:
        after = tuple(step.key for step in steps if chance.random() < 0.4)
        tries: list[Try] = []
        if started is not None and chance.random() < 0.8:
            ends = [attempt.ended for step in steps if step.key in after for attempt in step.tries]
            moment = max([started, *(end for end in ends if end is not None)])
            for _ in range(chance.choice([1, 1, 1, 3])):
                begun = moment + dt.timedelta(seconds=chance.randrange(1, 5))
                moment = begun + dt.timedelta(seconds=chance.randrange(1, 9))
                tries.append(Try(begun, moment))
        status = chance.choice(["success", "failure", "skipped", "in_progress"]) if tries else None
        steps.append(StepFacts(key, after, status, tuple(tries)))
    return tuple(steps)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_every_level_is_what_a_second_reckoning_gives(seed: int):
    runs = any_runs(random.Random(seed))
    expected = {
        (month, job, metric): value
        for (month, job), metrics in levels(runs).items()
        for metric, value in metrics.items()
    }
    found = {(level.month, level.job, level.metric): level.value for level in service_levels(runs)}
    assert found == pytest.approx(expected)
