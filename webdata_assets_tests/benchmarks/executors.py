"""What a step costs beside its work, by executor: steps that do nothing, in process, in processes, on Celery.

`python -m webdata_assets_tests.benchmarks.executors [--steps 10]`. Celery needs redis-server; its worker is
warm, as in production. Each figure is of one run, from its start to its end, divided by its steps.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from webdata_assets.cli.instance import open_instance
from webdata_assets.orchestration.executors import build_executor
from webdata_assets.settings import Settings
from webdata_assets_tests.servers.celery_workers import celery_workers
from webdata_assets_tests.servers.redis import RedisServer

STEPS = 10


def idle_job(executor: str, steps: int) -> dg.JobDefinition:
    """Return a chain of steps that do nothing, under an executor of the settings."""

    @dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
    def idle() -> None:
        return

    @dg.job(executor_def=build_executor(Settings(executor=executor)))  # type: ignore[arg-type]
    def chain() -> None:
        last = idle.alias("step_0")()
        for number in range(1, steps):
            last = idle.alias(f"step_{number}")(last)

    return chain


def measure(executor: str, steps: int) -> float:
    """Return the seconds of a second run, once everything that lasts is warm."""
    job = dg.build_reconstructable_job(__spec__.name if __spec__ else __name__, "idle_job", (executor, steps))
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with open_instance(Settings()) as instance:
        for _ in range(2):
            started = time.monotonic()
            assert dg.execute_job(job, instance, run_config=quiet).success
    return time.monotonic() - started


def main() -> None:
    """Print seconds per step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = RedisServer(folder)
        redis.start()
        address = redis.address.removesuffix("/0")
        told = {
            "WEBDATA_HOME": name, "WEBDATA_EXECUTOR": "celery",
            "WEBDATA_CELERY_BROKER": f"{address}/0", "WEBDATA_CELERY_BACKEND": f"{address}/1",
        }  # fmt: skip
        try:
            with patch.dict(os.environ, told):
                for executor in ("in-process", "multiprocess"):
                    print(f"{executor:14}{measure(executor, steps) / steps:8.2f} s a step")
                with celery_workers("compute", folder=folder, environment=told):
                    print(f"{'celery':14}{measure('celery', steps) / steps:8.2f} s a step")
        finally:
            redis.kill()


if __name__ == "__main__":
    sys.exit(main())
