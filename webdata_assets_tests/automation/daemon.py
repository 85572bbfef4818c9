"""A real daemon over a deployment: the process, and what its sensors and runs did.

What belongs here: starting, watching and ending it. What does not: assertions.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorTick

from webdata_assets_tests.deployment import REPOSITORY, Deployment

STOP_SECONDS = 15
LOG_TAIL_CHARACTERS = 6_000


@dataclass(frozen=True)
class Daemon:
    """A running daemon, seen through its instance."""

    process: subprocess.Popen[bytes]
    instance: dg.DagsterInstance
    log: Path

    def runs(self, job: str) -> list[dg.DagsterRun]:
        """Return the runs that sensors requested of a job, oldest first."""
        runs = self.instance.get_runs(dg.RunsFilter(job_name=job))
        return [run for run in reversed(runs) if "dagster/sensor_name" in run.tags]

    def ticks(self, sensor: str) -> list[InstigatorTick]:
        """Return the finished ticks of a sensor or a schedule, oldest first."""
        states = [state for state in self.instance.all_instigator_state() if state.instigator_name == sensor]
        if not states:
            return []
        [state] = states
        ticks = self.instance.get_ticks(state.instigator_origin_id, state.selector_id)
        return [tick for tick in reversed(ticks) if tick.is_completed]

    def wait(self, what: str, condition: Callable[[], bool], *, seconds: float) -> None:
        """Return once the condition holds; fail with what the daemon did and said if it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended while waiting for {what}\n{self.report()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds:g} s\n{self.report()}")
            time.sleep(0.25)

    def kill(self) -> None:
        """End it at once, with its code server and its runs, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def report(self) -> str:
        """Return runs, newest ticks and the end of the log."""
        lines = [
            f"{run.job_name} {run.tags.get('dagster/partition', '')} {run.status.value}"
            for run in reversed(self.instance.get_runs())
        ]
        for sensor in ("recrawl_sensor", "retrain_sensor"):
            lines += [
                f"{sensor}: {tick.status.value} {tick.skip_reason or ''} {tick.error or ''}"
                for tick in self.ticks(sensor)[-3:]
            ]
        return "\n".join([*lines, self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]])


@contextmanager
def running_daemon(deployment: Deployment, dagster_home: Path) -> Iterator[Daemon]:
    """Run `dagster-daemon` on the deployment's settings, with a look every second, as far as it goes."""
    settings = deployment.settings
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "WEBDATA_STORE": settings.store,
        "WEBDATA_SOURCES": str(settings.sources),
        "WEBDATA_HOME": str(settings.home),
        "WEBDATA_TASK": str(settings.task),
        "WEBDATA_CONNECT_TO": ",".join(f"{host}={target}" for host, target in settings.connect_to.items()),
        "WEBDATA_SENSOR_SECONDS": "1",
    }
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run"]
    command += ["--workspace", str(REPOSITORY / "workspace.yaml")]
    log = deployment.folder / "daemon.log"
    with log.open("wb") as output:
        # a session of its own: the code server and the runs that the daemon starts end with it
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=deployment.folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Daemon(process, deployment.instance, log)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
