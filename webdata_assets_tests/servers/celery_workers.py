"""Real Celery workers: `webdata worker` in processes of their own.

What belongs here: starting, killing and ending them. What does not: what they carry out.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_START_SECONDS = 90
_STOP_SECONDS = 10


class CeleryWorker:
    """One worker, with its log. It ends with all its processes."""

    def __init__(self, queue: str, folder: Path, environment: Mapping[str, str]) -> None:
        """Start it; `wait` says when it takes steps."""
        self.log = folder / f"worker-{queue}.log"
        webdata = str(Path(sys.executable).with_name("webdata"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [webdata, "worker", "--queue", queue],
                cwd=folder,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once it takes steps."""
        deadline = time.monotonic() + _START_SECONDS
        while " ready." not in self.log.read_text(errors="replace"):
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-3_000:]
            assert time.monotonic() < deadline, f"the worker is not ready: {self.log.read_text()[-3_000:]}"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it with the step that it carries out, as a power cut does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it; a step at work has a moment to finish."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def celery_workers(
    *queues: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[dict[str, CeleryWorker]]:
    """Yield a ready worker for each queue."""
    workers = {queue: CeleryWorker(queue, folder, environment) for queue in queues}
    try:
        for worker in workers.values():
            worker.wait()
        yield workers
    finally:
        for worker in workers.values():
            worker.stop()
