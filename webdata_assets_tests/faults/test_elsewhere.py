"""The demo with every part on another machine, as far as processes go, makes what one process makes."""

import os
import signal
import time
from pathlib import Path

import pytest

from webdata_assets_tests.faults.elsewhere import everything_elsewhere, run_demo, start_demo

SECONDS = 840
SOAK_SECONDS = 3_000


def compare(tmp_path: Path, encoders: Path, *options: str, seconds: float) -> None:
    local = tmp_path / "local"
    (local / "home").mkdir(parents=True)
    (local / "home" / "encoders").symlink_to(encoders)
    here = {"WEBDATA_STORE": str(local / "store"), "WEBDATA_HOME": str(local / "home")}
    expected = run_demo(local, here, *options, seconds=seconds)
    with everything_elsewhere(tmp_path / "elsewhere", encoders) as place:
        found = run_demo(place.folder, place.environment, *options, seconds=seconds)
        assert found["healthy"], found["not_admitted"]
        assert found["content_hash"] == expected["content_hash"]
        assert found["rows"] == expected["rows"]
        assert found["model_score"] == expected["model_score"]
        assert found["payloads_fetched"] == expected["payloads_fetched"]
        again = run_demo(place.folder, place.environment, *options, seconds=seconds)
        assert (again["runs"], again["requests"]) == (0, 0)


@pytest.mark.soak
def test_a_part_of_the_demo_elsewhere_makes_the_same_tables(tmp_path: Path, encoder_folder: Path) -> None:
    compare(tmp_path, encoder_folder, "--dates", "1", "--sources", "demo_blog", seconds=SECONDS)


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK_SECONDS)
def test_the_whole_demo_elsewhere_makes_the_same_tables(tmp_path: Path, encoder_folder: Path) -> None:
    compare(tmp_path, encoder_folder, seconds=SOAK_SECONDS)


@pytest.mark.soak
@pytest.mark.timeout(2 * SOAK_SECONDS)
def test_each_part_killed_in_turn_loses_and_doubles_nothing(tmp_path: Path, encoder_folder: Path) -> None:
    """Worker, launcher, PostgreSQL and S3 server are killed under a demo, which is started until it ends."""
    options = ("--dates", "3", "--sources", "demo_blog,demo_shop")
    local = tmp_path / "local"
    (local / "home").mkdir(parents=True)
    (local / "home" / "encoders").symlink_to(encoder_folder)
    here = {"WEBDATA_STORE": str(local / "store"), "WEBDATA_HOME": str(local / "home")}
    expected = run_demo(local, here, *options, seconds=SECONDS)
    with everything_elsewhere(tmp_path / "elsewhere", encoder_folder) as place:

        def postgres() -> None:
            place.postgres.kill()
            place.postgres.start()

        def s3() -> None:
            place.s3.kill()
            place.s3.start()

        faults = {
            "worker": lambda: place.restart_worker("compute"),
            "PostgreSQL": postgres,
            "S3": s3,
            "launcher": None,
        }
        for name, fault in faults.items():
            process = start_demo(place.folder, place.environment, *options)
            time.sleep(25)
            assert process.poll() is None, f"the demo was over before the fault of {name}"
            if fault is None:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                fault()
            process.communicate(timeout=SECONDS)
        for _ in range(5):
            found = run_demo(place.folder, place.environment, *options, seconds=SECONDS)
            if found["healthy"] and found["runs"] == 0:
                break
        assert found["content_hash"] == expected["content_hash"]
        assert found["rows"] == expected["rows"]
