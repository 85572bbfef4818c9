"""A deployment none of whose parts is in the process that uses it: store on S3, Dagster's storage in
PostgreSQL, steps on two Celery workers with Redis between, heavy maps on two Dask workers.

What belongs here: starting all of it, and the demo over it. What does not: assertions.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webdata_assets_tests.servers.celery_workers import CeleryWorker, celery_workers
from webdata_assets_tests.servers.dask import DaskServers
from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server
from webdata_assets_tests.servers.redis import RedisServer
from webdata_assets_tests.servers.s3 import BUCKET, S3Server


@dataclass
class Elsewhere:
    """The servers, and what a process needs to use them."""

    folder: Path
    environment: Mapping[str, str]
    workers: dict[str, CeleryWorker]
    dask: DaskServers
    postgres: PostgresServer
    s3: S3Server

    def restart_worker(self, queue: str) -> None:
        """Kill a Celery worker with the step that it carries out, and start another."""
        self.workers[queue].kill()
        self.workers[queue] = CeleryWorker(queue, self.folder, self.environment)


@contextmanager
def everything_elsewhere(folder: Path, encoders: Path) -> Iterator[Elsewhere]:
    """Start every server and worker; all of them end with the block."""
    (folder / "home").mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(encoders)
    with ExitStack() as stack:
        s3 = S3Server(folder / "s3")
        s3.start()
        stack.callback(s3.kill)
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.kill)
        postgres = stack.enter_context(postgres_server())
        dask = stack.enter_context(DaskServers(folder / "dask"))
        (dask.home / "encoders").symlink_to(encoders)
        dask.add_workers(2)
        environment = {
            **s3.environment,
            "WEBDATA_STORE": f"s3://{BUCKET}/elsewhere",
            "WEBDATA_HOME": str(folder / "home"),
            "WEBDATA_DAGSTER_STORAGE": postgres.address,
            "WEBDATA_EXECUTOR": "celery",
            "WEBDATA_CELERY_BROKER": redis.address,
            "WEBDATA_CELERY_BACKEND": redis.address.removesuffix("/0") + "/1",
            "WEBDATA_ENGINE": dask.address,
        }
        workers = stack.enter_context(
            celery_workers("crawl", "compute", folder=folder, environment=environment)
        )
        yield Elsewhere(folder, environment, workers, dask, postgres, s3)


def start_demo(folder: Path, environment: Mapping[str, str], *options: str) -> "subprocess.Popen[str]":
    """Start `webdata demo --json`."""
    inherited = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("webdata")), "demo", "--json", *options],
        cwd=folder,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=(folder / "demo.log").open("a"),
        text=True,
        start_new_session=True,
    )


def run_demo(folder: Path, environment: Mapping[str, str], *options: str, seconds: float) -> dict[str, Any]:
    """Run `webdata demo --json` to its end and return its summary, healthy or not."""
    process = start_demo(folder, environment, *options)
    output, _ = process.communicate(timeout=seconds)
    assert output, (folder / "demo.log").read_text()[-4_000:]
    summary: dict[str, Any] = json.loads(output)
    return summary
