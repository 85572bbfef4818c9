"""Each kind of cause: when it begins, and what ends it."""

import datetime as dt

import dagster as dg
import pytest

from webdata_assets.automation.alerts.sensor import ALERT_SENSOR, Memory
from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.tags import REPAIR_TAG, REPAIR_TAGS
from webdata_assets.store.alerts import open_alerts
from webdata_assets_tests.automation.alerts.told import judge, log, look, look_with, pretend_run, titles
from webdata_assets_tests.automation.history import DAY, HOUR, MINUTE, NOON, History, news

DOWN = "nowhere.test is down: its breaker has been open for 120 s"
NO_PROXY = "no proxy is healthy: all 2 proxies are ejected, and none came back within 60 s"


def pause(
    history: History, date: dt.date, reason: str | None, *, failed: bool = False, at: dt.datetime = NOON
) -> None:
    """Write pages of a date; without a reason the crawl finished."""
    history.write("frontier", at, partition=news(date), content=f"{reason}")
    failures = ["completeness"] if failed else []
    history.write("pages", at, partition=news(date), failed=failures, content=f"{reason}")
    passed = reason is None
    judge(history, "pages", news(date), "finished", passed=passed, detail=reason, value=0 if passed else 7)


class TestPauses:
    @pytest.mark.parametrize(
        ("reason", "kind", "domain"),
        [(DOWN, "breaker_open", "target"), (NO_PROXY, "proxies_empty", "access")],
    )
    def test_a_paused_source_is_told_once_until_a_crawl_finishes(
        self, history: History, reason: str, kind: str, domain: str
    ):
        pause(history, DAY, reason)
        look(history)
        pause(history, DAY + dt.timedelta(days=1), reason)
        assert look(history) == "1 open"
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["kind"], row["failure_domain"]) == (kind, domain)
        assert row["body"].startswith(f"7 URLs were left for the next run: {reason}")
        pause(history, DAY + dt.timedelta(days=2), None)
        look(history)
        assert log(history) == [(kind, "raised"), (kind, "recovered")]

    def test_what_a_pause_leaves_incomplete_is_not_told_beside_it(self, history: History):
        pause(history, DAY, DOWN, failed=True)
        assert look(history).startswith("1 open")
        assert log(history) == [("breaker_open", "raised")]

    def test_what_is_still_incomplete_when_the_host_is_up_again_is_told(self, history: History):
        pause(history, DAY, DOWN, failed=True)
        look(history)
        pause(history, DAY + dt.timedelta(days=1), None)
        look(history)
        assert sorted(log(history)[1:]) == [("breaker_open", "recovered"), ("check_failed", "raised")]

    @pytest.mark.parametrize(("then", "now"), [(None, DOWN), (DOWN, None)])
    def test_judging_an_older_crawl_again_neither_ends_nor_begins_a_pause(
        self, history: History, then: str | None, now: str | None
    ):
        pause(history, DAY, then)
        pause(history, DAY + dt.timedelta(days=1), now, at=NOON + HOUR)
        look(history)
        told = log(history)
        judge(history, "pages", news(DAY), "finished", passed=then is None, detail=then, value=7)
        look(history)
        assert log(history) == told

    def test_a_cold_pool_of_proxies_is_told_as_such(self, history: History):
        history.write("frontier", NOON, partition=news())
        judge(history, "frontier", news(), "proxies_healthy", passed=False, blocking=True, value=0)
        look(history)
        assert log(history) == [("proxies_empty", "raised")]

    def test_proxies_that_are_back_on_the_next_date_are_told_as_such(self, history: History):
        history.write("frontier", NOON, partition=news(), failed=["proxies_healthy"])
        look(history)
        history.write("frontier", NOON + HOUR, partition=news(DAY + dt.timedelta(days=1)))
        look(history)
        assert log(history) == [("proxies_empty", "raised"), ("proxies_empty", "recovered")]


class TestDeadlines:
    LATE, OVER = ("upstream_late", "raised"), ("upstream_late", "recovered")

    def at(self, history: History, date: dt.date, hours: float) -> str:
        moment = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + hours * HOUR
        history.deployment.now = moment.isoformat()
        return look(history)

    def test_a_scheduled_partition_is_late_when_its_date_is_over(self, history: History):
        history.declare(schedule="0 6 * * *")
        history.admit(news(), NOON, observed_at=NOON)
        next_day = DAY + dt.timedelta(days=1)
        assert self.at(history, next_day, 23.9) == "0 open"
        for hours in (24.1, 30, 90):
            assert self.at(history, next_day, hours).startswith("1 open")
        assert titles(history) == [f"news {next_day}: data never arrived"]
        for days in (1, 2, 3, 4):
            history.admit(news(DAY + dt.timedelta(days=days)), NOON + days * 24 * HOUR)
        assert self.at(history, next_day, 90).startswith("0 open")
        assert log(history) == [self.LATE, self.OVER]

    def test_a_deadline_counts_from_the_start_of_the_date_to_admission(self, history: History):
        history.declare(deadline_hours=8)
        assert self.at(history, DAY, 7.9) == "0 open"
        assert self.at(history, DAY, 8.1).startswith("1 open")
        history.admit(news(), NOON)
        assert self.at(history, DAY, 13) == "0 open, 1 recovered"
        assert log(history) == [self.LATE, self.OVER]

    def test_a_source_at_rest_is_not_told(self, history: History):
        history.declare(schedule="0 6 * * *")
        history.admit(news(), NOON, observed_at=NOON)
        assert self.at(history, DAY + dt.timedelta(days=9), 0) == "0 open"


class TestRuns:
    FAILED, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS

    def test_what_failed_when_a_person_chose_assets_is_over_when_a_job_makes_them(self, history: History):
        pretend_run(history, "__ASSET_JOB", self.FAILED, news())
        look(history)
        pretend_run(history, CRAWL, self.SUCCESS, news())
        look(history)
        assert log(history) == [("run_failed", "raised"), ("run_failed", "recovered")]

    def test_a_failed_run_of_a_source_that_is_gone_does_not_stay_open(self, history: History):
        pretend_run(history, CRAWL, self.FAILED, news())
        memory = look_with(history, Memory()).memory
        history.declare(enabled=False)
        history.declare("other")
        assert look_with(history, memory).open == 0


class TestRepairs:
    def test_used_up_attempts_are_told_until_the_partition_needs_no_repair(self, history: History):
        history.write("frontier", NOON, partition=news())
        history.write("pages", NOON, partition=news(), failed=["completeness"])
        look(history)
        for _ in range(3):
            tags = {REPAIR_TAG: news().key, **REPAIR_TAGS}
            pretend_run(history, CRAWL, dg.DagsterRunStatus.SUCCESS, news(), **tags)
        now = dt.datetime.now(dt.UTC)
        for later in (1 * MINUTE, 10 * HOUR, 25 * HOUR):
            history.deployment.now = (now + later).isoformat()
            look(history)
        assert log(history) == [("check_failed", "raised"), ("attempts_exhausted", "raised")]
        history.admit(news(), now)
        look(history)
        assert log(history)[2:] == [("attempts_exhausted", "recovered"), ("check_failed", "recovered")]


class TestModelAndDelivery:
    def test_drift_and_a_champion_under_its_floor_are_told(self, history: History):
        history.train(NOON)
        for check in ("drifted_share", "domain_auc", "champion_score"):
            assert history.store
            judge(history, "monitoring", None, check, passed=False, value=0.4, threshold=0.5)
        look(history)
        assert log(history) == [("model_held_back", "raised")] * 3
        for check in ("drifted_share", "domain_auc", "champion_score"):
            judge(history, "monitoring", None, check, passed=True, value=0.6, threshold=0.5)
        look(history)
        assert look(history) == "0 open"

    def test_a_sink_that_differs_halts_deliveries(self, history: History):
        history.write("delivery", NOON, failed=["same_content"])
        look(history)
        [row] = open_alerts(history.store).iter_rows(named=True)
        assert (row["kind"], row["failure_domain"]) == ("delivery_halted", "sink")


def test_the_sensor_keeps_what_it_has_read_in_its_cursor_and_asks_for_no_run(history: History):
    history.write("frontier", NOON, partition=news(), failed=["schema"])
    assert history.store
    result = history.deployment.tick(ALERT_SENSOR)
    assert not result.run_requests
    assert result.skip_reason is not None
    assert result.skip_reason.skip_message == "1 open, 1 raised"
