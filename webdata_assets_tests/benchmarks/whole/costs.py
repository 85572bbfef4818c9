"""What commands cost with all their children: CPU, wall, and the memory of the whole tree, sampled.

What belongs here: running and measuring commands of any kind. What does not: modules of ours by themselves
(measuring.py), and what the figures mean.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webdata_assets_tests.benchmarks.measuring import ROOT, ProgramFailedError

_REAPER = str(Path(__file__).with_name("reaper.py"))
_SAMPLE_SECONDS = 0.25
_PAGE_BYTES = resource.getpagesize()
_PARENT, _RESIDENT = 1, 1


@dataclass(frozen=True)
class DayCost:
    """What the commands of a day used, one after the other.

    Attributes:
        cpu_seconds: user and system time of all processes.
        wall_seconds: from start to end.
        tree_bytes: largest sum of the resident memory of all processes at a time; shared pages count in each.
        process_bytes: largest resident memory of any one process.
    """

    cpu_seconds: float
    wall_seconds: float
    tree_bytes: int
    process_bytes: int

    def __add__(self, other: "DayCost") -> "DayCost":
        """Return the cost of both, one after the other."""
        return DayCost(
            self.cpu_seconds + other.cpu_seconds,
            self.wall_seconds + other.wall_seconds,
            max(self.tree_bytes, other.tree_bytes),
            max(self.process_bytes, other.process_bytes),
        )


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> DayCost:
    """Run a command to its end, with no variables of a developer's own deployment, and return its cost.

    Raises:
        ProgramFailedError: when it ends with an error.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBDATA_")}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, _REAPER, *command],
            cwd=ROOT,
            env={**inherited, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        sampler.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise ProgramFailedError(
                f"{' '.join(command)}: {output.read()[-6_000:].decode(errors='replace')}"
            )
    return DayCost(usage.ru_utime + usage.ru_stime, wall_seconds, sampler.largest, usage.ru_maxrss * 1024)


def bytes_below(folder: Path) -> int:
    """Return how much the files below a folder take, links left out."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


class _Sampler(threading.Thread):
    """Looks at a process and its descendants again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.largest = 0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.largest = max(self.largest, tree_bytes(self._pid))

    def end(self) -> None:
        self._ended.set()
        self.join()


def tree_bytes(root: int) -> int:
    """Return the resident memory of a process and all its descendants at this moment."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _fields(folder / "stat")):
            parents[int(folder.name)] = int(fields[_PARENT])
    below = {root}
    found = {root}
    while found:
        found = {pid for pid, parent in parents.items() if parent in below} - below
        below |= found
    sizes = (_read(Path(f"/proc/{pid}/statm")).split() for pid in below)
    return sum(int(size[_RESIDENT]) * _PAGE_BYTES for size in sizes if size)


def _fields(stat: Path) -> list[str]:
    """Return the fields of a process's status behind its name, which may hold spaces."""
    return _read(stat).rpartition(")")[2].split()


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return ""
