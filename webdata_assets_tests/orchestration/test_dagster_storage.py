"""Dagster's own storage: on PostgreSQL as on SQLite, with eight runs at once and no event lost."""

import multiprocessing
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.cli.instance import ensure_dagster_home, open_instance
from webdata_assets.dagster_internals import events_of, planned_steps, timeline
from webdata_assets.errors import PermanentError
from webdata_assets.orchestration.storage import address_of
from webdata_assets.settings import Settings
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.servers.postgres import fresh_database, running_server

RUNS, STEPS, OBSERVATIONS = 8, 2, 10


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("WEBDATA_HOME", str(tmp_path))
    if request.param == "sqlite":
        yield Settings()
        return
    with fresh_database(server, "dagster") as address:
        monkeypatch.setenv("WEBDATA_DAGSTER_STORAGE", address)
        yield Settings()


def observing_job() -> dg.JobDefinition:
    """A chain of steps, each of which tells of many things."""

    @dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
    def observe(context: dg.OpExecutionContext) -> None:
        for number in range(OBSERVATIONS):
            context.log_event(dg.AssetObservation("thing", metadata={"number": number}))

    @dg.job(executor_def=dg.in_process_executor)
    def observing() -> None:
        last = observe.alias("step_0")()
        for number in range(1, STEPS):
            last = observe.alias(f"step_{number}")(last)

    return observing


def run_observing(settings: Settings) -> None:
    with open_instance(settings) as instance:
        result = observing_job().execute_in_process(instance=instance)
    os._exit(0 if result.success else 1)


def test_eight_runs_at_once_lose_no_event(settings: Settings):
    with open_instance(settings):
        pass  # makes the tables
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run_observing, args=(settings,)) for _ in range(RUNS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * RUNS
    with open_instance(settings) as instance:
        runs = instance.get_runs()
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * RUNS
        run_ids = [run.run_id for run in runs]
        kinds = Counter((run_id, kind) for run_id, _, kind, _ in timeline(instance, run_ids))
        for run_id in run_ids:
            assert kinds[run_id, "STEP_START"] == kinds[run_id, "STEP_SUCCESS"] == STEPS
            assert kinds[run_id, "PIPELINE_SUCCESS"] == 1
            told = [
                (event.step_key, event.event_specific_data.asset_observation.metadata["number"].value)
                for event in events_of(instance, run_id, "ASSET_OBSERVATION")
            ]
            assert told == [
                (f"step_{step}", number) for step in range(STEPS) for number in range(OBSERVATIONS)
            ]


def test_the_event_log_is_read_alike_on_both(settings: Settings):
    with open_instance(settings) as instance:
        result = observing_job().execute_in_process(instance=instance)
        read = list(timeline(instance, [result.run_id]))
        assert [(key, kind) for _, key, kind, _ in read if key] == [
            (f"step_{step}", kind) for step in range(STEPS) for kind in ("STEP_START", "STEP_SUCCESS")
        ]
        started, ended = read[0][3], read[-1][3]
        stats = instance.get_run_stats(result.run_id)
        assert abs(started.timestamp() - (stats.start_time or 0)) < 0.01
        assert abs(ended.timestamp() - (stats.end_time or 0)) < 0.01
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert run.execution_plan_snapshot_id is not None
        assert planned_steps(instance, run.execution_plan_snapshot_id) == {
            f"step_{step}": (f"step_{step - 1}",) if step else () for step in range(STEPS)
        }


def test_the_address_with_its_password_is_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings(home=tmp_path, dagster_storage="postgresql://writer:sesame@db.example/dagster")
    home = ensure_dagster_home(settings)
    text = (home / "dagster.yaml").read_text()
    assert "SettingsPostgresStorage" in text
    assert "tag_concurrency_limits" in text, "what the project's own file says holds too"
    assert "sesame" not in text
    assert address_of(settings) == "postgresql+psycopg2://writer:sesame@db.example/dagster"


def test_without_the_setting_the_projects_own_file_serves_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    file = ensure_dagster_home(Settings(home=tmp_path, executor="celery")) / "dagster.yaml"
    assert "granularity: op" in file.read_text()
    ensure_dagster_home(Settings(home=tmp_path))
    assert stat.S_ISLNK(file.lstat().st_mode)


def test_a_file_that_somebody_wrote_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    file = tmp_path / "dagster" / "dagster.yaml"
    file.parent.mkdir()
    file.write_text("telemetry: {enabled: false}\n")
    ensure_dagster_home(Settings(home=tmp_path, dagster_storage="postgresql://db.example/dagster"))
    assert file.read_text() == "telemetry: {enabled: false}\n"


def test_a_process_without_the_address_is_told_what_to_set():
    with pytest.raises(PermanentError, match="WEBDATA_DAGSTER_STORAGE"):
        address_of(Settings())


def test_the_projects_own_file_lies_at_its_root_and_within_the_package():
    packaged = REPOSITORY / "webdata_assets" / "dagster.yaml"
    assert packaged.is_file()
    assert (REPOSITORY / "dagster.yaml").resolve() == packaged
