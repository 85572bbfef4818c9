"""How much memory and time something takes beyond what its process had, measured in a process of its own.

What belongs here: measuring. What does not: assertions.
"""

import json
import subprocess
import sys
from typing import Any

_MEGABYTE = 1_000_000

_PROGRAM = """
import json, sys, time
from pathlib import Path
def kilobytes(name):
    return int(Path("/proc/self/status").read_text().partition(name + ":")[2].split()[0])
{program}
warm()
Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
before, begun = kilobytes("VmRSS"), time.process_time()
told = attack()
print(json.dumps([(kilobytes("VmHWM") - before) * 1024, time.process_time() - begun, told]))
"""


def measured(program: str, *arguments: str) -> tuple[float, float, Any]:
    """Run a program that defines `warm` and `attack`; return megabytes, CPU seconds, and what `attack` gave.

    The peak of resident memory and the time are those of `attack` beyond those of `warm`.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(program=program), *arguments],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    grown, seconds, told = json.loads(done.stdout.splitlines()[-1])
    return grown / _MEGABYTE, seconds, told
