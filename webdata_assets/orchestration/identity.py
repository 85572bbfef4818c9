"""Which process carries out a run, told so that no other machine or container takes it for its own.

What belongs here: a process's identity, and whether it is gone. What does not: what is done about its run.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance

PROCESS_TAG = "webdata/pid"
"""On a run: the process that executes it, or that watches over its steps, and the run's own id."""


def process_tag(run_id: str) -> dict[str, str]:
    """Return the tag that says that a run depends on this process.

    It names the run, because a retry takes over the tags of the run that it retries.
    """
    return {PROCESS_TAG: f"{run_id}@{ProcessIdentity.own()}"}


def identify_run(instance: "DagsterInstance", run_id: str) -> None:
    """Write on a run which process it depends on: this one."""
    instance.add_run_tags(run_id, process_tag(run_id))


def process_of(tags: Mapping[str, str], run_id: str) -> "ProcessIdentity | None":
    """Return the process that a run depends on; None where nothing, or another run's, is told."""
    named, _, identity = tags.get(PROCESS_TAG, "").partition("@")
    return ProcessIdentity.parse(identity) if named == run_id else None


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one machine.

    Attributes:
        host: the machine's name, or the container's.
        boot: id of the machine's boot; empty where the system does not tell.
        namespace: within which `pid` counts: each container has its own. Empty where it is not told.
        pid: the process id.
        started: clock ticks from boot to the process's start; empty where /proc does not tell.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.host}/{self.boot}/{self.namespace}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> "ProcessIdentity | None":
        """Return what `str` wrote; None for anything else."""
        parts = text.rsplit("/", 4)
        if len(parts) != 5 or not parts[3].isdecimal():
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]), parts[4])

    @classmethod
    def own(cls) -> "ProcessIdentity":
        """Return this process's."""
        pid = os.getpid()
        return cls(socket.gethostname(), _boot(), _namespace(), pid, _start_of(pid))


def is_gone(identity: ProcessIdentity) -> bool:
    """Return whether a process has certainly ended.

    It has when this machine was booted since, or when its id is free or another process's. Of a process on
    another machine, or in another container of this one, nothing is certain.
    """
    own = ProcessIdentity.own()
    if identity.host != own.host:
        return False
    if identity.boot != own.boot:
        return True
    if identity.namespace != own.namespace:
        return False
    try:
        os.kill(identity.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start_of(identity.pid) != identity.started


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """Return the start; empty where /proc does not tell, and for a process that ended unreaped."""
    try:
        state, _, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[17]
