"""What a program costs: CPU, wall time and memory of a fresh process and of its children.

What belongs here: running and measuring. What does not: what is measured. This module stays small, because a
child's peak begins at its parent's memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """What one process and its children used.

    Attributes:
        cpu_seconds: user and system time.
        wall_seconds: from start to end.
        peak_bytes: largest resident memory of any one process.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


class ProgramFailedError(Exception):
    """A measured program ended with an error; the text is the end of what it said."""


def run_module(module: str, *arguments: str) -> tuple[Cost, str]:
    """Run `python -m module` in a fresh process; return what it used and what it printed.

    Raises:
        ProgramFailedError: when it ends with an error.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBDATA_")}
    command = [sys.executable, "-m", module, *arguments]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise ProgramFailedError(f"{module}: {errors.read()[-4_000:].decode(errors='replace')}")
        cost = Cost(usage.ru_utime + usage.ru_stime, wall_seconds, usage.ru_maxrss * 1024)
        return cost, output.read().decode()
