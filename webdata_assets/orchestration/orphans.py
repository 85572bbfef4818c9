"""Steps in processes of their own whose run's process has died: they end with it.

What belongs here: ending this process. What does not: steps on other machines (celery_steps.py), whose run's
retry stops them, and what becomes of the run (automation/dead_runs.py).
"""

import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerProcess
from multiprocessing.process import BaseProcess
from threading import Thread

STEP_START_METHOD = "forkserver"
"""How the multiprocess executor starts steps, and nothing else here is started."""


def end_with_run() -> None:
    """Have this process killed once its run's is gone; harmless where it is none of the executor's steps.

    It would go on, and write beside the run's retry.
    """
    run = multiprocessing.parent_process()
    if run is not None and isinstance(multiprocessing.current_process(), ForkServerProcess):
        Thread(target=_wait_and_end, args=(run,), name="end-with-run", daemon=True).start()


def _wait_and_end(run: BaseProcess) -> None:
    run.join()
    os.kill(os.getpid(), signal.SIGKILL)
