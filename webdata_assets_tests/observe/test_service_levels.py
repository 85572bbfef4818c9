"""Service levels of constructed runs, whose numbers are worked out by hand beside them."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.schemas.slo import SLO
from webdata_assets.stages.observe.runs import critical_path, pipelines
from webdata_assets.stages.observe.service_levels import (
    Level,
    RunFacts,
    StepFacts,
    Try,
    add_months,
    replace_months,
    service_levels,
)

START = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)
JUNE, MAY = dt.date(2026, 6, 1), dt.date(2026, 5, 1)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def step(
    key: str, *tries: tuple[float, float | None], after: tuple[str, ...] = (), **given: object
) -> StepFacts:
    attempts = tuple(Try(at(start), None if end is None else at(end)) for start, end in tries)
    status = "success" if attempts else None
    return StepFacts(key, after, **{"status": status, "tries": attempts, **given})  # type: ignore[arg-type]


def run(
    run_id: str,
    *steps: StepFacts,
    times: tuple[float, float, float] = (0, 0, 0),
    root: str = "",
    month: dt.date | None = None,
    **given: object,
) -> RunFacts:
    """Return a run; `times` are the seconds at which it was created, started and ended."""
    created, started, ended = (at(second) for second in times)
    if month:
        created = dt.datetime(month.year, month.month, 3, tzinfo=dt.UTC)
    facts = {"status": "success", "job": "crawl", "started": started, "ended": ended, **given}
    return RunFacts(run_id, root or run_id, created=created, steps=steps, **facts)  # type: ignore[arg-type]


def levels(*runs: RunFacts) -> dict[str, Level]:
    return {level.metric: level for level in service_levels(runs) if level.job == "all"}


def test_the_critical_path_is_the_longest_sum_of_queue_and_execution() -> None:
    # s  0 created, 4 started | a 5–15 | b (after a) 15–18 | c (after a) 18–48 | d (after b, c) 50–55 |
    #    e (after b) 55–56
    # a: queue 4 + 1, execution 10 → 15
    # b: 15 + queue 0 + 3 = 18; c: 15 + queue 3 + 30 = 48 (it waited for b, that took the only worker)
    # d: max(18, 48) + queue 2 + 5 = 55; e (after b): 18 + queue 37 + 1 = 56: it waited longest
    path = critical_path(
        run(
            "r",
            step("a", (5, 15)),
            step("b", (15, 18), after=("a",)),
            step("c", (18, 48), after=("a",)),
            step("d", (50, 55), after=("b", "c")),
            step("e", (55, 56), after=("b",)),
            times=(0, 4, 57),
        )
    )
    assert path.seconds == 56
    assert path.steps == ("a", "b", "e")
    assert (path.execution_seconds, path.queue_seconds) == (10 + 3 + 1, 4 + 1 + 37)


def test_with_workers_for_all_the_critical_path_is_that_of_the_most_work() -> None:
    path = critical_path(
        run(
            "r",
            step("a", (2, 12)),
            step("b", (12, 15), after=("a",)),
            step("c", (12, 42), after=("a",)),
            step("d", (42, 47), after=("b", "c")),
            times=(0, 2, 48),
        )
    )
    assert path.steps == ("a", "c", "d")
    assert (path.execution_seconds, path.queue_seconds) == (10 + 30 + 5, 2)


def test_the_critical_path_holds_every_try_and_the_time_between_them() -> None:
    # queue: 1 until the run starts, 0 until the first try, 5 until the second; execution 2 + 3
    path = critical_path(run("r", step("a", (1, 3), (8, 11)), times=(0, 1, 11)))
    assert (path.execution_seconds, path.queue_seconds) == (5, 6)


def test_the_critical_path_of_a_chain_is_that_of_its_runs_one_after_the_other() -> None:
    # first run: queue 1; a 1–11; c 11–61 (after a); b 61–63 (after a) fails. longest: a, b = 1+10+50+2 = 63
    # its retry is requested at 100, starts at 104; b 104–110, d (after b) 110–115. longest: 4 + 6 + 5 = 15
    first = run(
        "first",
        step("a", (1, 11)),
        step("c", (11, 61), after=("a",)),
        step("b", (61, 63), after=("a",), status="failure"),
        step("d", after=("b",)),
        times=(0, 1, 64),
        status="failure",
        failure="error",
    )
    retry = run(
        "retry",
        step("b", (104, 110)),
        step("d", (110, 115), after=("b",)),
        times=(100, 104, 116),
        root="first",
    )
    found = levels(first, retry)
    assert found["critical_path_seconds"].value == 63 + 15
    assert found["success_rate"] == Level(JUNE, "all", "success_rate", 1.0, 1, 1, {})
    # tries: a 1, c 1, b 2, d 1 = 5 of 4 tasks
    assert found["retry_overhead"] == Level(JUNE, "all", "retry_overhead", 5 / 4 - 1, 5, 4, {})
    assert found["runs"].value == 2
    assert found["tasks"] == Level(JUNE, "all", "tasks", 4, excluded={})


def test_every_outcome_counts_as_the_formula_says() -> None:
    # run        outcome         finished  counted
    # good       ok              yes       1 of 1
    # rejected   failed (check)  yes       0 of 1
    # crashed    failed          yes       0 of 1
    # dark       target outage   yes       left out
    # stopped    cancelled       no        left out
    # going      running         no        left out
    found = levels(
        run("good", step("a", (0, 4)), times=(0, 0, 4)),
        run("rejected", step("a", (0, 1)), step("b", after=("a",)), status="failure", failure="check"),
        run("crashed", step("a", (0, 1)), status="failure", failure="error"),
        run("dark", step("a", (0, 1)), status="failure", failure="target_outage", failure_domain="target"),
        run("stopped", step("a", (0, 1)), status="cancelled"),
        run("going", step("a", (0, None)), status="in_progress", ended=None),
    )
    assert found["success_rate"] == Level(
        JUNE, "all", "success_rate", 1 / 3, 1, 3, {"cancelled": 1, "running": 1, "target_outage": 1}
    )
    assert found["critical_path_seconds"].value == 4
    assert found["critical_path_seconds"].excluded == {
        "cancelled": 1, "failed": 2, "running": 1, "target_outage": 1,
    }  # fmt: skip
    assert found["retry_overhead"] == Level(JUNE, "all", "retry_overhead", 0.0, 5, 5, {"running": 1})
    assert found["runs"].value == 6
    # `b` of the rejected one never began: its plan knows of it, no event does
    assert found["tasks"] == Level(JUNE, "all", "tasks", 6, excluded={"upstream_failed": 1})


def test_nothing_to_divide_by_is_null_and_not_zero() -> None:
    found = levels(run("going", step("a"), status="in_progress", started=None, ended=None))
    assert {
        name: found[name].value for name in ("success_rate", "critical_path_seconds", "retry_overhead")
    } == {
        "success_rate": None,
        "critical_path_seconds": None,
        "retry_overhead": None,
    }
    assert service_levels([]) == []


def test_a_retry_of_a_part_does_not_make_the_whole_succeed() -> None:
    first = run(
        "first",
        step("a", (0, 1), status="failure"),
        step("b", after=("a",)),
        status="failure",
        failure="error",
    )
    of_a_alone = run("again", step("a", (5, 6)), times=(4, 5, 6), root="first")
    assert pipelines([of_a_alone, first])[0].outcome == "failed"
    rest = run("rest", step("b", (8, 9)), times=(7, 8, 9), root="first")
    assert pipelines([rest, of_a_alone, first])[0].outcome == "ok"


def test_a_chain_that_is_retried_now_is_running() -> None:
    first = run("first", step("a", (0, 1), status="failure"), status="failure", failure="error")
    retry = run("retry", step("a", (5, None)), times=(4, 5, 5), root="first", status="in_progress")
    assert pipelines([first, retry])[0].outcome == "running"


def test_a_pipeline_belongs_to_the_month_of_its_first_run_and_to_its_job() -> None:
    first = run("first", step("a", (0, 1), status="failure"), status="failure", failure="error", month=MAY)
    retry = run("retry", step("a", (5, 6)), root="first", month=JUNE)
    other = run("other", step("a", (0, 1)), job="publish", month=JUNE)
    rates = {
        (level.month, level.job): level.value
        for level in service_levels([first, retry, other])
        if level.metric == "success_rate"
    }
    assert rates == {(MAY, "all"): 1, (MAY, "crawl"): 1, (JUNE, "all"): 1, (JUNE, "publish"): 1}


def test_a_killed_try_counts_as_one() -> None:
    first = run(
        "first",
        step("a", (0, None), status="in_progress"),
        times=(0, 0, 9),
        status="failure",
        failure="error",
    )
    retry = run("retry", step("a", (20, 22)), times=(20, 20, 22), root="first")
    found = levels(first, retry)
    assert found["retry_overhead"].value == 1.0
    assert found["critical_path_seconds"].value == 9 + 2


def test_months_that_dagster_forgot_keep_their_rows() -> None:
    now = at(0)
    before = replace_months(
        SLO.empty(),
        service_levels([run("x", step("a", (0, 1)), month=MAY), run("y", step("a", (0, 1)), month=MAY)]),
        now,
    )
    # of May only one of two runs is known by now
    after = replace_months(
        before,
        service_levels([run("y", step("a", (0, 1)), month=MAY), run("z", step("a", (0, 1)), month=JUNE)]),
        now + dt.timedelta(days=1),
    )
    runs = after.filter(job="all", metric="runs").select("month", "value").rows()
    assert runs == [(MAY, 2.0), (JUNE, 1.0)]
    assert SLO.schema.is_valid(after)
    assert not after.select(SLO.key).is_duplicated().any()
    again = replace_months(after, [], now)
    assert again.equals(after)


@pytest.mark.parametrize(
    ("month", "number", "expected"),
    [(JUNE, -12, dt.date(2025, 6, 1)), (JUNE, 7, dt.date(2027, 1, 1)), (JUNE, -6, dt.date(2025, 12, 1))],
)
def test_months_are_added_over_the_end_of_a_year(month: dt.date, number: int, expected: dt.date) -> None:
    assert add_months(month, number) == expected


def test_the_rows_of_a_new_table_are_in_the_order_of_its_key() -> None:
    rows = replace_months(SLO.empty(), service_levels([run("x", step("a", (0, 1)))]), at(0))
    assert rows.equals(rows.sort(SLO.key))
    assert rows.filter(pl.col("metric") == "success_rate")["excluded_reasons"].unique().to_list() == ["{}"]
