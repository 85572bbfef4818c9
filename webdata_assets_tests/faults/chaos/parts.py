"""The parts of the deployment that are killed: how each is found, killed, and started again.

What belongs here: processes. What does not: faults that kill nothing (disturbances.py), and what follows.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from webdata_assets_tests.faults.chaos.processes import Process, descendants, still_there
from webdata_assets_tests.faults.chaos.schedule import Draw

RUN_WORKER = "spawn_main"
PARSER = "webdata_assets.stages.extract.workers"
BROWSER = ("chromium", "chrome", "headless")


class Service:
    """One of Dagster's lasting processes, in a session of its own, kept as an init system keeps it."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]):
        """Nothing is started yet; `log` takes what it says."""
        self.name = name
        self.log = folder / f"{name}.log"
        self._command, self._folder, self._environment = command, folder, environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process as it was started last."""
        assert self._process is not None, f"the {self.name} was never started"
        return self._process

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=dict(self._environment),
                cwd=self._folder,  # so that no `.env` of the project is read
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it at once, with its code server and what that runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def tree(self) -> list[Process]:
        """Return what it has started and is alive."""
        return descendants(self.process.pid) if self.is_alive else []


def run_workers(daemon: Service) -> list[Process]:
    """Return the processes that carry out runs: children of the daemon's code server."""
    tree = daemon.tree()
    servers = {process.pid for process in tree if "api grpc" in process.command}
    return [process for process in tree if process.parent in servers and RUN_WORKER in process.command]


def parsers(daemon: Service) -> list[Process]:
    """Return the processes that read pages for the runs."""
    return [process for process in daemon.tree() if PARSER in process.command]


def browsers(daemon: Service) -> list[Process]:
    """Return the main processes of the runs' browsers."""
    return [
        process
        for process in daemon.tree()
        if any(name in process.command.partition(" ")[0] for name in BROWSER)
        and "--type=" not in process.command
        and "--headless" in process.command
    ]


def kill_one(processes: Sequence[Process], draw: Draw) -> Process | None:
    """Kill one of some processes; return it, or None where none was alive."""
    if not processes:
        return None
    chosen = processes[int(draw.which * len(processes))]
    try:
        os.kill(chosen.pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return chosen


def wait_until_gone(processes: Iterable[Process], seconds: float) -> list[Process]:
    """Return those of some processes that are still there after so many seconds."""
    deadline, left = time.monotonic() + seconds, still_there(processes)
    while left and time.monotonic() < deadline:
        time.sleep(0.2)
        left = still_there(left)
    return left
