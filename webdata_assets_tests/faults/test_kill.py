"""`webdata demo`, killed at random moments and started again: the same tables as if nobody had killed it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from webdata_assets_tests.object_store.deployments import DemoDeployment

END_SECONDS = 600
_LOOK_SECONDS = 0.05
_PAUSE_SECONDS = 0.3
"""At most, from a commit to the kill: it may hit anything between that commit and the next ones."""


@dataclass(frozen=True)
class Demo:
    """One home and store, and the part of the demo that is run there."""

    deployment: DemoDeployment
    options: tuple[str, ...]

    def run(self) -> dict[str, Any]:
        """Run to the end in this process and return the summary."""
        summary: dict[str, Any] = json.loads(self.deployment("demo", "--json", *self.options))
        assert summary["healthy"], summary["not_admitted"]
        return summary

    @property
    def commits(self) -> int:
        """How many commits all tables have together."""
        return sum(1 for _ in Path(self.deployment.store).glob("**/_delta_log/*.json"))

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the command in a process group of its own; it is gone when the block ends."""
        home = self.deployment.home
        inherited = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
        command = [str(Path(sys.executable).with_name("webdata")), "demo", "--json", *self.options]
        with (home / "demo.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=home,
                env={**inherited, "WEBDATA_STORE": self.deployment.store, "WEBDATA_HOME": str(home)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill_at(self, commits: int, pause: float) -> bool:
        """Start it, let the tables have so many commits, wait, and kill. Return whether it still ran."""
        with self.started() as process:
            deadline = time.monotonic() + END_SECONDS
            while self.commits < commits and process.poll() is None:
                assert time.monotonic() < deadline, (self.deployment.home / "demo.log").read_text()[-4_000:]
                time.sleep(_LOOK_SECONDS)
            time.sleep(pause)
            return process.poll() is None


def kill_and_compare(folder: Path, encoder_folder: Path, *options: str, kills: int) -> None:
    whole, killed = (
        Demo(DemoDeployment.make(folder / name, encoder_folder), options) for name in ("whole", "killed")
    )
    expected = whole.run()

    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    # not in the last tenth: whatever follows a commit there may be over before the kill
    moments = sorted(chance.randrange(whole.commits * 9 // 10) for _ in range(kills))
    print(f"seed {seed}: killed after {', '.join(map(str, moments))} of {whole.commits} commits")
    hit = [killed.kill_at(moment, chance.uniform(0, _PAUSE_SECONDS)) for moment in moments]
    assert any(hit), "the demo was over before every kill"

    summary = killed.run()
    assert summary["content_hash"] == expected["content_hash"]
    assert summary["rows"] == expected["rows"]
    assert summary["model_score"] == expected["model_score"]

    again = killed.run()
    assert (again["runs"], again["requests"], again["payloads_fetched"]) == (0, 0, 0)
    assert again["content_hash"] == expected["content_hash"]


@pytest.mark.slow
def test_a_demo_killed_at_a_random_moment_ends_with_the_same_tables(tmp_path: Path, encoder_folder: Path):
    kill_and_compare(tmp_path, encoder_folder, "--dates", "1", "--sources", "demo_shop", kills=1)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_the_whole_demo_killed_at_random_moments_ends_with_the_same_tables(
    tmp_path: Path, encoder_folder: Path
):
    kill_and_compare(tmp_path, encoder_folder, kills=3)
