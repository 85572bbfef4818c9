"""Faults that end no process: a working folder that is full, and a clock that jumps.

What belongs here: bringing them about for some seconds, by real means. What does not: kills (parts.py).
"""

import errno
import time
from pathlib import Path

from webdata_assets_tests.faults.chaos.place import Place
from webdata_assets_tests.faults.chaos.schedule import Draw

LONGEST_JUMP = 4 * 3600
"""Seconds, forward or backward: far more than signatures of object stores allow."""
SECONDS = 3.0
"""That a fault lasts at least."""
_CHUNK = 1 << 20


def fill_disk(place: Place, draw: Draw) -> str | None:
    """Leave the working folder without room for a while; None where it is no disk of its own."""
    if not place.can_fill:
        return None
    ballast = place.home / "ballast"
    written = _fill(ballast)
    time.sleep(SECONDS + draw.seconds)
    ballast.unlink()
    return f"{written >> 20} MiB of ballast"


def jump_clock(place: Place, draw: Draw) -> str | None:
    """Let runs see another time for a while; None where no clock could be made."""
    if place.clock.library is None:
        return None
    seconds = round((2 * draw.size - 1) * LONGEST_JUMP)
    place.clock.set(seconds)
    time.sleep(SECONDS + draw.seconds)
    place.clock.set(0)
    return f"{seconds:+d} s"


def _fill(ballast: Path) -> int:
    written = 0
    with ballast.open("wb", buffering=0) as file:
        for size in (_CHUNK, 4096):
            try:
                while True:
                    written += file.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return written
