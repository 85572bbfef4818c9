"""A real Dask scheduler and its workers on loopback, each a process of its own.

What belongs here: starting, counting, killing them. What does not: what they work on.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import pytest

_START_SECONDS = 90
_ADDRESS = re.compile(r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")
_REGISTERED = re.compile(r"Registered to:\s+tcp://")


class DaskServers:
    """One scheduler, and workers of one thread each, without a nanny: a worker that dies stays dead."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for logs, scratch files and the workers' WEBDATA_HOME."""
        pytest.importorskip("distributed", reason="needs the extra dask")
        self._folder = folder
        self.home = folder / "home"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""
        self.home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "DaskServers":
        """Start the scheduler."""
        self._scheduler = self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        self.address = self._wait_for(self._scheduler, "scheduler", _ADDRESS)[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process."""
        self.stop()

    def add_workers(self, count: int) -> None:
        """Start further workers, and wait until the scheduler knows them."""
        begun = {}
        for number in range(len(self.workers), len(self.workers) + count):
            name = f"worker-{number}"
            begun[name] = self._start(
                name, "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", "1",
                "--no-nanny", "--no-dashboard", "--name", name, "--memory-limit", "0",
                "--death-timeout", "30", "--local-directory", str(self._folder / name),
            )  # fmt: skip
        for name, process in begun.items():
            self.workers.append(process)
            self._wait_for(process, name, _REGISTERED)

    def kill_worker(self, number: int) -> None:
        """End a worker as a power cut would."""
        self.workers[number].kill()
        self.workers[number].wait(30)

    def kill_scheduler(self) -> None:
        """End the scheduler as a power cut would."""
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait(30)

    def restart_scheduler(self) -> None:
        """Start it again at its address; workers of before are not known to it."""
        port = self.address.rpartition(":")[2]
        self._scheduler = self._start(
            "scheduler-again", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"
        )
        self._wait_for(self._scheduler, "scheduler-again", _ADDRESS)

    def stop(self) -> None:
        """End every process, and what they have started."""
        for process in [*self.workers, *filter(None, [self._scheduler])]:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                process.wait(30)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / f"{name}.log").open("wb"),
            cwd=Path(__file__).parents[2],
            env={**os.environ, "WEBDATA_HOME": str(self.home)},
            start_new_session=True,
        )

    def _wait_for(self, process: subprocess.Popen[bytes], name: str, line: re.Pattern[str]) -> re.Match[str]:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            said = (self._folder / f"{name}.log").read_text(errors="replace")
            if found := line.search(said):
                return found
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not start:\n{said[-2_000:]}")
            time.sleep(0.05)
