"""What one page may cost, and the kernel's part in enforcing it.

What belongs here: the limits, and how a worker confines itself. What does not: watching a worker
(process.py).
"""

import re
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

_MEBIBYTE = 2**20
_ALLOCATIONS_OVER_RESIDENT = 2
_ORPHAN_SECONDS = 5.0


@dataclass(frozen=True)
class Limits:
    """What a page may cost before its parser is killed.

    Attributes:
        page_seconds: of wall time.
        memory_mb: resident memory of a worker process in MiB, its libraries included.
    """

    page_seconds: float = 20.0
    memory_mb: int = 384

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return self.memory_mb * _MEBIBYTE


def confine(limits: Limits) -> None:
    """Let the kernel refuse this process what no page needs.

    The parent kills a worker whose resident memory is above the limit. What is allocated faster than the
    parent looks meets RLIMIT_DATA, which is twice as wide, because memory may be allocated and never used.
    (RLIMIT_AS would count the address space that libraries reserve.)
    """
    most = limits.memory_bytes * _ALLOCATIONS_OVER_RESIDENT
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Ctrl-C goes to the whole group: the parent decides what becomes of its workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def begin_page(limits: Limits) -> None:
    """Have the kernel end this process some time after the parent should have.

    That ends a worker that hangs while its parent is gone. (PR_SET_PDEATHSIG would end it whenever the
    *thread* that started it does.) SIGALRM has its default action, which needs no Python code to run.
    """
    signal.setitimer(signal.ITIMER_REAL, limits.page_seconds + _ORPHAN_SECONDS)


def end_page() -> None:
    """Take back the end that `begin_page` has set."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def used_too_much(limits: Limits) -> bool:
    """Whether this process ever held more than the limit; False where the system does not tell.

    (`ru_maxrss` would not do: it begins at what the parent held when it started this process.)
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return False
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return peak is not None and int(peak[1]) * 1_024 > limits.memory_bytes


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 when it is gone, or where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[1]) * resource.getpagesize()
