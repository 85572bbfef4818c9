"""A wall clock of run workers that can be set while they run, without any right to set the machine's.

What belongs here: the clock, and the variables by which processes see it. What does not: when it jumps.

It is not the daemon's: Dagster's own waits for the time at which it looked last, so that after a clock is set
back it stands still for as long.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webdata_assets_tests.faults.chaos.parts import RUN_WORKER

_SOURCE = Path(__file__).with_name("shifted_clock.c")
_BYTES = 8


@dataclass(frozen=True)
class Clock:
    """How many seconds it is off, in a file that processes map; None where no compiler makes the library."""

    library: Path | None
    shift: Path

    @classmethod
    def make(cls, folder: Path) -> "Clock":
        """Make the library in a folder, with the system's compiler."""
        clock = cls(folder / "shifted_clock.so", folder / "shift")
        clock.set(0)
        compiler = shutil.which("cc")
        if compiler is None:
            return cls(None, clock.shift)
        made = [compiler, "-shared", "-fPIC", "-O1", "-o", str(clock.library), str(_SOURCE), "-ldl"]
        subprocess.run(made, check=True)
        return clock

    @property
    def variables(self) -> Mapping[str, str]:
        """Of the processes by which run workers are started."""
        if self.library is None:
            return {}
        only = {"SHIFTED_CLOCK_OF": RUN_WORKER}
        return {"LD_PRELOAD": str(self.library), "SHIFTED_CLOCK": str(self.shift), **only}

    def set(self, seconds: int) -> None:
        """Let it be off by so many seconds, from now on."""
        with self.shift.open("r+b" if self.shift.exists() else "wb") as file:
            file.write(seconds.to_bytes(_BYTES, "little", signed=True))
