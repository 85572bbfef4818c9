"""Schedules: one per source that declares a cron expression."""

import datetime as dt

import dagster as dg
import yaml

from webdata_assets.automation.jobs import CRAWL, RETRAIN
from webdata_assets_tests.automation.history import DAY, HOUR, NOON, History, news


def test_a_schedule_crawls_the_date_on_which_it_fires(history: History):
    history.declare("daily-news", schedule="30 6 * * *")
    repository = history.deployment.definitions().get_repository_def()
    schedule = repository.get_schedule_def("crawl_daily_news")
    with dg.build_schedule_context(
        instance=history.deployment.instance,
        scheduled_execution_time=dt.datetime(2026, 6, 10, 6, 30, tzinfo=dt.UTC),
        repository_def=repository,
    ) as context:
        [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == "2026-06-10|daily-news"
    assert (schedule.job_name, schedule.cron_schedule) == (CRAWL, "30 6 * * *")
    assert schedule.execution_timezone == "UTC"


def test_a_schedule_skips_dates_after_the_source_has_ended(history: History):
    history.declare("daily", schedule="0 6 * * *", end="2026-06-09")
    repository = history.deployment.definitions().get_repository_def()
    with dg.build_schedule_context(
        instance=history.deployment.instance,
        scheduled_execution_time=dt.datetime(2026, 6, 10, 6, tzinfo=dt.UTC),
        repository_def=repository,
    ) as context:
        tick = repository.get_schedule_def("crawl_daily").evaluate_tick(context)
    assert not tick.run_requests
    assert "the source lasts from 2026-06-01 to 2026-06-09" in (tick.skip_message or "")


def test_a_source_without_a_cron_expression_has_no_schedule(history: History):
    history.declare("daily", schedule="0 6 * * *")
    repository = history.deployment.definitions().get_repository_def()
    assert [schedule.name for schedule in repository.schedule_defs] == [
        "crawl_daily",
        "daily_report",
        "nightly_maintenance",
    ]


def test_schedules_are_off_until_a_person_turns_them_on(history: History):
    history.declare("daily", schedule="0 6 * * *")
    schedule = history.deployment.definitions().get_repository_def().get_schedule_def("crawl_daily")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


class TestRetrainSchedule:
    @staticmethod
    def tick(history: History, cron: str = "0 3 * * 0"):
        """Evaluate the retraining's schedule once."""
        packaged = yaml.safe_load(history.deployment.task.read_text())
        history.deployment.task = history.deployment.folder / "task.yaml"
        history.deployment.task.write_text(yaml.safe_dump({**packaged, "retrain": {"schedule": cron}}))
        definitions = history.deployment.definitions()
        repository = definitions.get_repository_def()
        schedule = repository.get_schedule_def("retrain_schedule")
        assert (schedule.job_name, schedule.cron_schedule) == (RETRAIN, cron)
        with dg.build_schedule_context(
            instance=history.deployment.instance,
            scheduled_execution_time=dt.datetime(2026, 6, 14, 3, tzinfo=dt.UTC),
            repository_def=repository,
            resources=dict(definitions.resources or {}),
        ) as context:
            return schedule.evaluate_tick(context)

    def test_it_asks_for_nothing_before_a_partition_is_admitted(self, history: History):
        assert self.tick(history).skip_message == "no partition is admitted yet"

    def test_what_is_new_is_learnt(self, history: History):
        history.admit(news(), NOON)
        history.train(NOON + HOUR)
        history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
        assert history.store
        [request] = self.tick(history).run_requests or []
        assert request.run_key == "retrain:20260614T0300"

    def test_nothing_new_is_not_learnt_again(self, history: History):
        history.admit(news(), NOON)
        history.train(NOON + HOUR)
        assert history.store
        assert "since the last training" in (self.tick(history).skip_message or "")

    def test_a_task_without_a_cron_expression_has_none(self, history: History):
        repository = history.deployment.definitions().get_repository_def()
        assert [schedule.name for schedule in repository.schedule_defs] == [
            "daily_report",
            "nightly_maintenance",
        ]
