"""`webdata demo`, killed at random moments and started again: the same tables as if nobody had killed it."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KILLS = 3
START_SECONDS = 4
"""Before which a process has done nothing yet."""
END_SECONDS = 600
SOAK_SECONDS = 1_700
"""For the whole demo, on a machine that does other work beside it."""


@dataclass(frozen=True)
class Demo:
    """One home and store, and the part of the demo that is run there."""

    folder: Path
    options: tuple[str, ...]
    end_seconds: float = END_SECONDS

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        """Start the command in a process group of its own; it is gone when the block ends."""
        inherited = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
        environment = {
            **inherited,
            "WEBDATA_STORE": str(self.folder / "store"),
            "WEBDATA_HOME": str(self.folder / "home"),
        }
        command = [str(Path(sys.executable).with_name("webdata")), "demo", "--json", *self.options]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def kill_after(self, seconds: float) -> bool:
        """Run for so long, then kill. Return whether it was still running."""
        with self.started() as process:
            try:
                process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                return True
            return False

    def run(self) -> dict[str, Any]:
        """Run to the end and return the summary."""
        with self.started() as process:
            return self.finish(process)

    def finish(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Wait for the end of a started run and return its summary."""
        output, errors = process.communicate(timeout=self.end_seconds)
        assert process.returncode == 0, errors[-4_000:] or output
        summary: dict[str, Any] = json.loads(output)
        assert summary["healthy"], summary["not_admitted"]
        return summary


def demo_in(folder: Path, encoder_folder: Path, *options: str, seconds: float = END_SECONDS) -> Demo:
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    return Demo(folder, options, seconds)


def kill_and_compare(whole: Demo, killed: Demo, *, longest_seconds: float) -> None:
    seed = random.SystemRandom().randrange(2**32)
    moments = [
        random.Random(seed + number).uniform(START_SECONDS, longest_seconds) for number in range(KILLS)
    ]
    print(f"seed {seed}: killed after {', '.join(f'{moment:.2f} s' for moment in moments)}")
    with whole.started() as undisturbed:
        hit = [killed.kill_after(moment) for moment in moments]
        summary = killed.run()
        expected = whole.finish(undisturbed)
    assert any(hit), "the demo was over before every kill"
    assert summary["content_hash"] == expected["content_hash"]
    assert summary["rows"] == expected["rows"]
    assert summary["model_score"] == expected["model_score"]

    again = killed.run()
    assert (again["runs"], again["requests"], again["payloads_fetched"]) == (0, 0, 0)
    assert again["content_hash"] == expected["content_hash"]


@pytest.mark.slow
def test_a_demo_killed_at_random_moments_ends_with_the_same_tables(tmp_path: Path, encoder_folder: Path):
    options = ("--dates", "5", "--sources", "demo_shop")
    kill_and_compare(
        demo_in(tmp_path / "whole", encoder_folder, *options),
        demo_in(tmp_path / "killed", encoder_folder, *options),
        longest_seconds=12,
    )


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_the_whole_demo_killed_at_random_moments_ends_with_the_same_tables(
    tmp_path: Path, encoder_folder: Path
):
    kill_and_compare(
        demo_in(tmp_path / "whole", encoder_folder, seconds=SOAK_SECONDS),
        demo_in(tmp_path / "killed", encoder_folder, seconds=SOAK_SECONDS),
        longest_seconds=60,
    )
