"""Gaps between tries, what a look leaves to the next, and grouping."""

import datetime as dt
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.automation.alerts.messages import STORM, compose
from webdata_assets.automation.alerts.outbox import FIRST_GAP, LONGEST_GAP, Failing
from webdata_assets.automation.alerts.sensor import Memory
from webdata_assets_tests.automation.alerts.told import look_with
from webdata_assets_tests.automation.history import NOON, History, news
from webdata_assets_tests.site.mailboxes import webhook

MOMENTS = st.integers(0, 10**9).map(lambda seconds: NOON + dt.timedelta(seconds=seconds))
FAILING = st.dictionaries(st.integers(1, 9), st.builds(Failing, st.integers(1, 99), MOMENTS))


def row(number: int, *, kind: str = "check_failed", state: str = "raised", source: str | None = "s") -> Any:
    return {
        "cause": f"cause {number}", "kind": kind, "state": state, "date": dt.date(2026, 6, 1),
        "source": source and f"{source}{number}", "title": f"title {number}", "body": "body", "at": NOON,
    }  # fmt: skip


@given(st.integers(1, 60), MOMENTS)
def test_each_gap_is_twice_the_one_before_up_to_the_longest(failures: int, now: dt.datetime):
    state, gaps = Failing(0, now), []
    for _ in range(failures):
        state = state.again(now)
        gaps.append(state.not_before - now)
    assert gaps[0] == FIRST_GAP
    assert all(min(2 * one, LONGEST_GAP) == other for one, other in pairwise(gaps))


@given(st.none() | MOMENTS, FAILING)
def test_what_a_look_leaves_to_the_next_comes_back(until: dt.datetime | None, failing: dict[int, Failing]):
    memory = Memory(until, failing)
    assert Memory.from_json(memory.to_json()) == memory


@given(st.lists(st.sampled_from(["check_failed", "run_failed", "upstream_late"]), max_size=40))
def test_every_cause_is_told_in_exactly_one_message(kinds: list[str]):
    rows = [row(number, kind=kind) for number, kind in enumerate(kinds)]
    told = [each["cause"] for message in compose(rows) for each in message.rows]
    assert sorted(told) == sorted(each["cause"] for each in rows)
    assert len(compose(rows)) <= STORM * 3


def test_a_receiver_that_failed_is_asked_again_after_its_gap(history: History, monkeypatch):
    with webhook() as hook:
        monkeypatch.setenv("WEBDATA_ALERTS", hook.url)
        hook.status = 503
        history.write("frontier", NOON, partition=news(), failed=["schema"])
        moment, memory = NOON, Memory()
        asked = []
        for _ in range(8):
            history.deployment.now = moment.isoformat()
            memory = look_with(history, memory).memory
            asked.append(hook.asked)
            moment += FIRST_GAP
        assert asked == [1, 2, 2, 3, 3, 3, 3, 4]
        hook.status = 200
        history.deployment.now = (moment + LONGEST_GAP).isoformat()
        assert look_with(history, memory).memory.failing == {}
        assert len(hook.messages) == 1
