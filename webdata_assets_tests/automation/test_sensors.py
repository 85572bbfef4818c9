"""What the sensors request: once per cause, within the budget, never beside a run of the same partition."""

import datetime as dt

import dagster as dg
import pytest

from webdata_assets.assets.kept_pages import visits_missing_only
from webdata_assets.automation.budget import Answer, Waiting, plan_answers
from webdata_assets.automation.jobs import COMPARE, CRAWL, EMBED, PUBLISH, PUBLISHED, REPLAY, RETRAIN
from webdata_assets.automation.tags import (
    CAUSE_KEY_TAG,
    CAUSE_TAG,
    KILLED_TAG,
    REFRESH_TAG,
    REPAIR_TAG,
    REPAIR_TAGS,
)
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.past import past_version
from webdata_assets.tasks.model import Retrain
from webdata_assets_tests.automation.history import DAY, HOUR, LAYERS, MINUTE, MODEL_ID, NOON, History, news
from webdata_assets_tests.automation.loaded import location_of

RECRAWL_SENSOR, RETRAIN_SENSOR = "recrawl_sensor", "retrain_sensor"
ENOUGH = Retrain().after_partitions


def ask(history: History, sensor: str) -> list[dg.RunRequest]:
    assert history.store
    return list(history.deployment.tick(sensor).run_requests or [])


def reason(history: History, sensor: str) -> str:
    assert history.store
    result = history.deployment.tick(sensor)
    assert not result.run_requests
    assert result.skip_reason is not None
    return result.skip_reason.skip_message or ""


def set_clock(history: History, later: dt.timedelta) -> None:
    """Let the sensors see a moment that lies after now, the moment at which the test's runs are created."""
    history.deployment.now = (dt.datetime.now(dt.UTC) + later).isoformat()


def pretend_run(
    history: History, job: str, status: dg.DagsterRunStatus, tags: dict[str, str]
) -> dg.DagsterRun:
    definition = location_of(history.deployment).resolve_job_def(job)
    return history.deployment.instance.create_run_for_job(
        definition, status=status, tags={**definition.run_tags, **tags}
    )


def pretend_attempt(history: History, request: dg.RunRequest) -> None:
    """Enter a run that answered a request and mended nothing."""
    tags = {**request.tags, "dagster/partition": request.partition_key or ""}
    pretend_run(history, request.job_name or "", dg.DagsterRunStatus.FAILURE, tags)


def answers(history: History, now: dt.datetime | None = None, *, runs_per_day: int = 200) -> list[Answer]:
    return plan_answers(
        history.deployment.instance,
        history.store,
        load_sources(history.deployment.sources),
        now or dt.datetime.now(dt.UTC),
        model_id=MODEL_ID,
        attempts_per_day=3,
        runs_per_day=runs_per_day,
    )


def publish(history: History, at: dt.datetime) -> None:
    """Write what a publishing writes, as it does before the first training."""
    for number, layer in enumerate(PUBLISHED):
        history.write(layer, at + dt.timedelta(seconds=number))


def fail_records(history: History) -> None:
    history.admit(news(), NOON - HOUR, layers=["frontier", "pages"])
    history.write("records", NOON, partition=news(), failed=["completeness"], parser=history.parser)


class TestRepairs:
    def test_no_run_is_requested_while_a_patch_is_awaited(self, history: History):
        fail_records(history)
        for _ in range(2):
            assert "awaiting a patch of news's extraction" in reason(history, RECRAWL_SENSOR)

    def test_a_patched_source_file_is_answered_by_one_replay(self, history: History):
        fail_records(history)
        history.patch()
        [request] = ask(history, RECRAWL_SENSOR)
        assert (request.job_name, request.partition_key) == (REPLAY, news().key)
        assert request.tags[REPAIR_TAG] == news().key
        assert request.tags[CAUSE_TAG] == "records.completeness failed"

    def test_the_same_cause_has_the_same_run_key_at_every_tick(self, history: History):
        fail_records(history)
        history.patch()
        [first], [second] = ask(history, RECRAWL_SENSOR), ask(history, RECRAWL_SENSOR)
        assert first.run_key == second.run_key

    def test_nothing_is_requested_while_a_run_of_the_partition_is_in_progress(self, history: History):
        fail_records(history)
        history.patch()
        run = pretend_run(history, CRAWL, dg.DagsterRunStatus.STARTED, {"dagster/partition": news().key})
        assert reason(history, RECRAWL_SENSOR) == f"{news()}: a run is in progress"
        history.deployment.instance.report_run_failed(run)
        assert len(ask(history, RECRAWL_SENSOR)) == 1

    def test_nothing_is_requested_while_dagster_is_about_to_retry_a_run(self, history: History):
        fail_records(history)
        history.patch()
        tags = {"dagster/partition": news().key, "dagster/will_retry": "true"}
        run = pretend_run(history, CRAWL, dg.DagsterRunStatus.FAILURE, tags)
        assert reason(history, RECRAWL_SENSOR) == f"{news()}: a run is in progress"
        history.deployment.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "another"})
        assert len(ask(history, RECRAWL_SENSOR)) == 1

    def test_a_run_of_another_partition_is_no_hindrance(self, history: History):
        fail_records(history)
        history.patch()
        other = news(DAY + dt.timedelta(days=1))
        pretend_run(history, CRAWL, dg.DagsterRunStatus.STARTED, {"dagster/partition": other.key})
        assert [request.partition_key for request in ask(history, RECRAWL_SENSOR)] == [news().key]

    def test_attempts_are_spaced_ever_further_and_then_a_person_is_needed(self, history: History):
        # nobody listens there: the crawl ends with an incomplete partition, as it was before
        deployment = history.deployment
        deployment.connect_to = {"nowhere.test": "127.0.0.1:1"}
        history.write("pages", NOON, partition=news(), failed=["completeness"])
        keys = set()
        for minutes in (1, 2):
            [request] = ask(history, RECRAWL_SENSOR)
            keys.add(request.run_key)
            if minutes == 1:
                [outcome] = deployment.answer(RECRAWL_SENSOR)
                assert outcome.failed_checks[0] == "pages.completeness"
            else:
                pretend_attempt(history, request)
            assert f"the next attempt waits 0:0{minutes}:00" in reason(history, RECRAWL_SENSOR)
            set_clock(history, minutes * MINUTE)
        [request] = ask(history, RECRAWL_SENSOR)
        assert (request.job_name, request.partition_key) == (CRAWL, news().key)
        assert request.run_key not in keys
        pretend_attempt(history, request)
        set_clock(history, 23 * HOUR)
        assert "3 attempts in 24 hours are used up, a person is needed" in reason(history, RECRAWL_SENSOR)
        set_clock(history, 24 * HOUR + MINUTE)
        assert len(ask(history, RECRAWL_SENSOR)) == 1

    def test_a_repair_that_was_killed_uses_up_no_attempt(self, history: History):
        fail_records(history)
        history.patch()
        tags = {REPAIR_TAG: news().key, "dagster/partition": news().key, **REPAIR_TAGS}
        [before] = ask(history, RECRAWL_SENSOR)
        pretend_run(history, REPLAY, dg.DagsterRunStatus.FAILURE, {**tags, KILLED_TAG: "true"})
        [after] = ask(history, RECRAWL_SENSOR)
        assert before.run_key != after.run_key
        pretend_run(history, REPLAY, dg.DagsterRunStatus.FAILURE, tags)
        assert "the next attempt waits" in reason(history, RECRAWL_SENSOR)


class TestComparison:
    """Later dates of one that was healed."""

    @pytest.fixture(autouse=True)
    def outdated(self, history: History) -> None:
        history.outdate(news(), NOON)

    def test_it_waits_for_runs_of_the_source(self, history: History):
        other = news(DAY - dt.timedelta(days=2))
        run = pretend_run(
            history, CRAWL, dg.DagsterRunStatus.STARTED,
            {"dagster/partition": other.key, "dagster/partition/source": other.source},
        )  # fmt: skip
        assert reason(history, RECRAWL_SENSOR) == f"{news()}: a run is in progress"
        history.deployment.instance.report_run_failed(run)
        assert [request.job_name for request in ask(history, RECRAWL_SENSOR)] == [COMPARE]

    def test_another_past_is_no_further_attempt(self, history: History):
        [request] = ask(history, RECRAWL_SENSOR)
        pretend_attempt(history, request)
        assert "the next attempt waits 0:01:00" in reason(history, RECRAWL_SENSOR)
        past = past_version(history.store.ledger, news())
        for layer in ("changes", "features"):
            history.write(layer, NOON + HOUR, partition=news(), past_version=past)
        assert reason(history, RECRAWL_SENSOR) == "every partition is admitted or at rest"
        history.admit(news(DAY - 2 * 24 * HOUR), NOON + 2 * HOUR)
        [another] = ask(history, RECRAWL_SENSOR)
        assert (another.job_name, another.partition_key) == (COMPARE, news().key)


class TestBudget:
    """What is not requested, although a run would mend it."""

    @pytest.fixture(autouse=True)
    def failing(self, history: History) -> None:
        for number in range(4):
            history.write("pages", NOON, partition=news(DAY - number * 24 * HOUR), failed=["completeness"])

    def test_all_partitions_share_one_budget_that_goes_to_the_newest_dates(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("WEBDATA_REPAIR_RUNS_PER_DAY", "3")
        pretend_run(history, REPLAY, dg.DagsterRunStatus.SUCCESS, {REPAIR_TAG: "another", **REPAIR_TAGS})
        requests = ask(history, RECRAWL_SENSOR)
        assert [request.partition_key for request in requests] == [news(DAY - 24 * HOUR).key, news().key]
        kinds = [answer.waiting and answer.waiting.kind for answer in answers(history, runs_per_day=3)]
        assert kinds == ["budget_exhausted", "budget_exhausted", None, None]

    def test_a_day_later_the_budget_is_whole_again(self, history: History):
        pretend_run(history, REPLAY, dg.DagsterRunStatus.SUCCESS, {REPAIR_TAG: "another", **REPAIR_TAGS})
        assert {answer.request for answer in answers(history, runs_per_day=1)} == {None}
        later = dt.datetime.now(dt.UTC) + 24 * HOUR + MINUTE
        assert sum(answer.request is not None for answer in answers(history, later, runs_per_day=1)) == 1

    def test_four_queries_tell_of_the_runs_of_all_partitions(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ):
        instance, queries = history.deployment.instance, []
        for name in ("get_runs", "get_run_records"):
            original = getattr(instance, name)
            monkeypatch.setattr(
                instance, name, lambda *args, _f=original, **kw: (queries.append(1), _f(*args, **kw))[1]
            )
        assert len(answers(history)) == 4
        assert len(queries) <= 4


class TestSameDataVersion:
    """A repair whose outcome would be the same again."""

    def fail_embeddings(self, history: History, run_id: str) -> Answer:
        history.admit(news(), NOON - HOUR, layers=LAYERS[:-1])
        history.write("embeddings", NOON, partition=news(), failed=["unit_vectors"], run_id=run_id)
        [answer] = answers(history)
        return answer

    def test_what_a_repair_made_again_and_failed_again_is_left_to_a_person(self, history: History):
        request = self.fail_embeddings(history, "a run by hand").request
        assert request is not None
        run = pretend_run(history, EMBED, dg.DagsterRunStatus.FAILURE, dict(request.tags))
        later = dt.datetime.now(dt.UTC) + 25 * HOUR
        history.write(
            "embeddings", NOON + MINUTE, partition=news(), failed=["unit_vectors"], run_id=run.run_id
        )
        [answer] = answers(history, later)
        assert answer.waiting == Waiting(
            "person", "embeddings.unit_vectors failed again after embed again, a person is needed"
        )

    def test_other_data_that_fails_is_tried_again(self, history: History):
        request = self.fail_embeddings(history, "a run by hand").request
        assert request is not None
        run = pretend_run(history, EMBED, dg.DagsterRunStatus.FAILURE, dict(request.tags))
        history.write(
            "embeddings", NOON + MINUTE, partition=news(), failed=["unit_vectors"], content="other",
            run_id=run.run_id,
        )  # fmt: skip
        [answer] = answers(history, dt.datetime.now(dt.UTC) + 25 * HOUR)
        assert answer.request is not None


def test_a_re_crawl_of_what_is_missing_says_so_to_its_run(history: History):
    history.write("pages", NOON, partition=news(), failed=["completeness"])
    [request] = ask(history, RECRAWL_SENSOR)
    assert visits_missing_only(request.tags)
    assert request.tags[CAUSE_KEY_TAG].startswith("pages.completeness:")


def test_an_encoder_that_cannot_be_told_keeps_no_partition_from_its_repair(
    history: History, monkeypatch: pytest.MonkeyPatch
):
    fail_records(history)
    history.patch()
    monkeypatch.setenv("WEBDATA_ENCODER", "onnx")
    monkeypatch.setenv("WEBDATA_ENCODER_MODEL", "/nowhere")
    assert [request.job_name for request in ask(history, RECRAWL_SENSOR)] == [REPLAY]


class TestRefreshes:
    @pytest.fixture(autouse=True)
    def enough(self, history: History) -> None:
        for number in range(ENOUGH):
            history.admit(news(DAY - dt.timedelta(days=number)), NOON)

    def test_enough_partitions_are_answered_by_one_retraining(self, history: History):
        [request] = ask(history, RETRAIN_SENSOR)
        assert request.job_name == RETRAIN
        assert request.tags[CAUSE_TAG] == f"{ENOUGH} newly admitted partitions"

    def test_the_same_partitions_have_the_same_run_key_at_every_tick(self, history: History):
        [first], [second] = ask(history, RETRAIN_SENSOR), ask(history, RETRAIN_SENSOR)
        assert first.run_key == second.run_key

    def test_nothing_is_retrained_while_repairs_are_in_progress(self, history: History):
        run = pretend_run(history, REPLAY, dg.DagsterRunStatus.NOT_STARTED, REPAIR_TAGS)
        assert reason(history, RETRAIN_SENSOR) == "repairs are in progress"
        history.deployment.instance.report_run_failed(run)
        assert len(ask(history, RETRAIN_SENSOR)) == 1

    @pytest.mark.parametrize("job", [RETRAIN, PUBLISH])
    def test_nothing_is_requested_while_the_tables_are_being_written(self, history: History, job: str):
        pretend_run(history, job, dg.DagsterRunStatus.STARTED, {})
        assert reason(history, RETRAIN_SENSOR) == "a run of the unpartitioned tables is in progress"

    def test_a_retraining_that_failed_is_tried_again_within_the_budget(self, history: History):
        publish(history, NOON + HOUR)
        keys = set()
        for attempt, minutes in enumerate((0, 1, 3)):
            set_clock(history, minutes * MINUTE)
            [request] = ask(history, RETRAIN_SENSOR)
            assert request.run_key not in keys
            keys.add(request.run_key)
            tags = {REFRESH_TAG: request.tags[REFRESH_TAG]}
            pretend_run(history, RETRAIN, dg.DagsterRunStatus.FAILURE, tags)
            if attempt < 2:
                assert "the next attempt waits" in reason(history, RETRAIN_SENSOR)
        set_clock(history, HOUR)
        assert "3 attempts in 24 hours are used up, a person is needed" in reason(history, RETRAIN_SENSOR)

    def test_what_is_admitted_does_not_wait_for_a_training_that_fails(self, history: History):
        [request] = ask(history, RETRAIN_SENSOR)
        tags = {REFRESH_TAG: request.tags[REFRESH_TAG]}
        pretend_run(history, RETRAIN, dg.DagsterRunStatus.FAILURE, tags)
        assert [request.job_name for request in ask(history, RETRAIN_SENSOR)] == [PUBLISH]

    def test_a_retraining_that_was_killed_is_tried_again_at_once(self, history: History):
        [before] = ask(history, RETRAIN_SENSOR)
        tags = {REFRESH_TAG: before.tags[REFRESH_TAG], KILLED_TAG: "true"}
        pretend_run(history, RETRAIN, dg.DagsterRunStatus.FAILURE, tags)
        [after] = ask(history, RETRAIN_SENSOR)
        assert after.run_key != before.run_key

    def test_a_cancelled_retraining_is_asked_for_again_under_another_key(self, history: History):
        [before] = ask(history, RETRAIN_SENSOR)
        pretend_run(history, RETRAIN, dg.DagsterRunStatus.CANCELED, {REFRESH_TAG: before.tags[REFRESH_TAG]})
        set_clock(history, 2 * MINUTE)
        [after] = ask(history, RETRAIN_SENSOR)
        assert after.run_key != before.run_key

    def test_partitions_that_were_withdrawn_and_are_admitted_again_are_answered_again(self, history: History):
        [before] = ask(history, RETRAIN_SENSOR)
        tags = {REFRESH_TAG: before.tags[REFRESH_TAG], "dagster/run_key": before.run_key or ""}
        pretend_run(history, RETRAIN, dg.DagsterRunStatus.SUCCESS, tags)
        set_clock(history, 2 * MINUTE)
        [after] = ask(history, RETRAIN_SENSOR)
        assert after.tags[REFRESH_TAG] == before.tags[REFRESH_TAG]
        assert after.run_key != before.run_key

    def test_an_index_that_keeps_failing_is_rebuilt_within_the_budget(self, history: History):
        history.train(NOON + HOUR)
        history.write("vector_index", NOON + 2 * HOUR, failed=["recall"])
        for attempt, minutes in enumerate((0, 1, 3)):
            set_clock(history, minutes * MINUTE)
            [request] = ask(history, RETRAIN_SENSOR)
            assert request.job_name == PUBLISH
            assert request.tags[CAUSE_TAG] == "vector_index.recall failed"
            tags = {REFRESH_TAG: request.tags[REFRESH_TAG]}
            pretend_run(history, PUBLISH, dg.DagsterRunStatus.FAILURE, tags)
            history.write(
                "vector_index", NOON + (3 + attempt) * HOUR, failed=["recall"], content=str(attempt)
            )
        set_clock(history, HOUR)
        assert "3 attempts in 24 hours are used up, a person is needed" in reason(history, RETRAIN_SENSOR)

    def test_what_was_admitted_after_a_training_is_published(self, history: History):
        history.train(NOON + HOUR)
        history.admit(news(DAY + dt.timedelta(days=1)), NOON + 2 * HOUR)
        assert [request.job_name for request in ask(history, RETRAIN_SENSOR)] == [PUBLISH]

    def test_nothing_is_requested_when_nothing_is_new(self, history: History):
        history.train(NOON + HOUR)
        assert reason(history, RETRAIN_SENSOR) == "nothing was admitted since the last run"


def test_sensors_look_as_often_as_the_settings_say(history: History, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEBDATA_SENSOR_SECONDS", "7")
    repository = history.deployment.definitions().get_repository_def()
    for name in (RECRAWL_SENSOR, RETRAIN_SENSOR):
        sensor = repository.get_sensor_def(name)
        assert sensor.minimum_interval_seconds == 7
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
