"""A deployment that several processes share by their environment: store, home, Dagster's storage, workers.

What belongs here: its environment, its runs, and what its site was asked for. What does not: assertions.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.cli.instance import execute, open_instance
from webdata_assets.definitions import build_defs
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.settings import Settings
from webdata_assets.store import Store

RUN_SECONDS = 300


@dataclass
class Place:
    """One folder, one demo site, and what else its processes are told."""

    folder: Path
    site: DemoSite
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, site: DemoSite, encoders: Path, **more: str) -> "Place":
        """Make the folders; `more` are settings."""
        (folder / "home").mkdir(parents=True)
        (folder / "home" / "encoders").symlink_to(encoders)
        return cls(folder, site, {f"WEBDATA_{name.upper()}": value for name, value in more.items()})

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WEBDATA_STORE": str(self.folder / "store"),
            "WEBDATA_HOME": str(self.folder / "home"),
            "WEBDATA_CONNECT_TO": ",".join(f"{host}={to}" for host, to in self.site.connect_to.items()),
            **self.more,
        }

    @property
    def store(self) -> Store:
        return Store.open(str(self.folder / "store"))

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> Settings:
        """Let this process see the environment too; return the settings."""
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return Settings()

    def start(self, partition: Partition) -> "subprocess.Popen[bytes]":
        """Start `webdata run` for a partition."""
        webdata = str(Path(sys.executable).with_name("webdata"))
        command = [webdata, "run", "--source", partition.source, "--date", partition.date.isoformat()]
        with (self.folder / "run.log").open("ab") as log:
            environment = {**os.environ, **self.environment}
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def run(self, partition: Partition) -> int:
        """Run a partition to its end; return the exit code."""
        return self.start(partition).wait(RUN_SECONDS)

    def run_here(self, partition: Partition) -> None:
        """Run a partition to its end, step by step in this process; it succeeds."""
        settings = Settings(
            store=str(self.folder / "store"), home=self.folder / "home", connect_to=self.site.connect_to
        )
        with dg.DagsterInstance.ephemeral() as instance:
            outcome = execute(build_defs(settings=settings), instance, CRAWL, partition=partition)
        assert outcome.success, outcome

    def log(self) -> str:
        """Return the end of what the runs said."""
        return (self.folder / "run.log").read_text(errors="replace")[-4_000:]

    def asked(self) -> Counter[str]:
        """Return how often each page was asked for."""
        return Counter(visit.path for visit in self.site.requests if visit.path != "/robots.txt")

    def retry(self) -> bool:
        """Run the newest run again from its failure, as Dagster's daemon does; return its success."""
        with open_instance(Settings()) as instance:
            newest = instance.get_runs(limit=1)[0]
            assert newest.status is dg.DagsterRunStatus.FAILURE, newest.status
            job = dg.build_reconstructable_job(
                "webdata_assets.definitions", "job_of_settings", (newest.job_name,)
            )
            options = dg.ReexecutionOptions.from_failure(newest.run_id, instance)
            result = dg.execute_job(
                job, instance, tags=dict(newest.tags), reexecution_options=options,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )  # fmt: skip
            return result.success


def wait_until(
    what: str, condition: Callable[[], bool], seconds: float = 120, *, every: float = 0.005
) -> None:
    """Return once the condition holds; `every` so many seconds it is looked at."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(every)
