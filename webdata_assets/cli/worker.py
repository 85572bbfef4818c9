"""`webdata worker`: a Celery worker that carries out steps of runs.

What belongs here: starting it with the settings that the runs have. What does not: how a step is handed out
and watched (orchestration/celery_steps.py).
"""

import logging
import os
import uuid
from collections.abc import Sequence

from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.orchestration.executors import build_executor
from webdata_assets.orchestration.work import QUEUES
from webdata_assets.settings import Settings


def serve_steps(queues: Sequence[str], processes: int, name: str) -> int:
    """Serve until interrupted, and return the exit code. Steps at work are finished first.

    Args:
        queues: from which steps are taken; all if none.
        processes: steps at once, each in a process of its own that can be killed.
        name: unique within this machine; made up if empty.

    Raises:
        PermanentError: CONFIGURATION, the executor is not Celery, its extra is not installed, or there is no
            such queue.
    """
    settings = Settings()
    unknown = sorted(set(queues) - set(QUEUES))
    if unknown or settings.executor != "celery":
        problem = f"no queue {', '.join(unknown)}: choose {' or '.join(QUEUES)}" if unknown else (
            "workers are for the executor celery: set WEBDATA_EXECUTOR=celery, for runs as for workers"
        )  # fmt: skip
        raise PermanentError(problem, failure_domain=FailureDomain.CONFIGURATION)
    build_executor(settings)  # says which extra is missing
    os.environ["DAGSTER_HOME"] = str(ensure_dagster_home(settings))
    from webdata_assets.orchestration.celery_steps import worker_application

    application = worker_application(settings)
    # it tells of each opening of SQLite
    logging.getLogger("alembic").setLevel(logging.WARNING)
    application.worker_main(
        [
            "worker",
            "--pool=prefork",  # a step can be killed, and its worker answers while a step is at work
            f"--queues={','.join(queues or QUEUES)}",
            f"--concurrency={processes}",
            f"--hostname={name or uuid.uuid4().hex[:8]}@%h",
            "--loglevel=INFO",
            "--without-mingle",
            "--without-gossip",
        ]
    )
    return 0
