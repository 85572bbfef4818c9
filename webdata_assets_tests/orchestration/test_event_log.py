"""A run's connections to Dagster's event log are kept, and nothing else differs."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.dagster_internals import SqliteEventLogStorage
from webdata_assets.orchestration.event_log import kept_connections


@dg.asset
def made() -> int:
    return 1


@dg.asset_check(asset=made, blocking=True)
def checked() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True, metadata={"value": 1})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        yield instance


def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = dg.Definitions(assets=[made], asset_checks=[checked]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance)


def told(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [str(event.dagster_event_type) for event in instance.all_logs(run_id)]


def open_files(home: Path) -> list[str]:
    files = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return [file for file in files if file.startswith(str(home)) and file.endswith(".db")]


def test_a_run_with_kept_connections_tells_what_any_run_tells(instance: dg.DagsterInstance) -> None:
    plain = run(instance)
    with kept_connections(instance):
        kept = run(instance)

    assert told(instance, kept.run_id) == told(instance, plain.run_id)
    assert instance.get_latest_materialization_event(made.key).run_id == kept.run_id  # type: ignore[union-attr]
    keys = [dg.AssetCheckKey(made.key, "checked")]
    [newest] = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys).values()
    assert newest.run_id == kept.run_id


def test_another_process_reads_and_writes_between_two_events(
    instance: dg.DagsterInstance, home: Path
) -> None:
    with kept_connections(instance):
        mine = run(instance)
        with dg.DagsterInstance.local_temp(str(home)) as other:
            assert told(other, mine.run_id) == told(instance, mine.run_id)
            others = run(other)
        assert told(instance, others.run_id) == told(instance, mine.run_id)
        run(instance)

    assert len(instance.get_runs()) == 3


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed by /proc")
def test_files_are_open_until_the_block_ends(instance: dg.DagsterInstance, home: Path) -> None:
    with kept_connections(instance):
        mine = run(instance)
        assert {Path(file).stem for file in open_files(home / "history")} >= {"index", mine.run_id}

    assert open_files(home / "history") == []
    assert told(instance, mine.run_id)


def test_a_failing_statement_leaves_no_open_transaction(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage)
    with kept_connections(instance):
        with pytest.raises(ZeroDivisionError), storage.index_connection():
            raise ZeroDivisionError
        assert run(instance).success


def test_a_block_within_a_block_keeps_what_is_kept(instance: dg.DagsterInstance, home: Path) -> None:
    with kept_connections(instance):
        with kept_connections(instance):
            mine = run(instance)
        assert open_files(home / "history")

    assert told(instance, mine.run_id)


def test_an_event_log_elsewhere_is_left_as_it_is() -> None:
    with dg.DagsterInstance.ephemeral() as instance, kept_connections(instance):
        assert "_connect" not in vars(instance.event_log_storage)
        assert run(instance).success
