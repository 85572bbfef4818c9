"""Processes as /proc shows them, and the environment that they are given.

What belongs here: looking. What does not: which of them are killed (parts.py).
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A living process.

    Attributes:
        started: clock ticks from boot, by which it is told from a later one with its id.
        command: its command line, with spaces between the arguments.
    """

    pid: int
    parent: int
    started: str
    command: str


def descendants(*roots: int) -> list[Process]:
    """Return what these processes have started and what that has started, oldest first."""
    children: defaultdict[int, list[Process]] = defaultdict(list)
    for process in _living():
        children[process.parent].append(process)
    found, waiting = [], list(roots)
    while waiting:
        below = children[waiting.pop()]
        found += below
        waiting += [process.pid for process in below]
    return sorted(found, key=lambda process: process.pid)


def still_there(processes: Iterable[Process]) -> list[Process]:
    """Return those that live."""
    living = {(process.pid, process.started) for process in _living()}
    return [process for process in processes if (process.pid, process.started) in living]


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a deployment's processes, with nothing of a developer's own settings."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WEBDATA_", "AWS_", "DAGSTER_", "KILL_SOAK_"))
    }
    return {**inherited, **variables}


def _living() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                state, parent, *rest = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if state not in "ZX":
                    yield Process(int(entry.name), int(parent), rest[17], command.strip())
