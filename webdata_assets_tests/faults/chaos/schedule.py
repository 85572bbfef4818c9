"""Which faults come when: drawn from a seed alone, so that the same seed draws the same again.

What belongs here: drawing, and the log of what was hit. What does not: how a fault is brought about.
"""

import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from webdata_assets_tests.deployment import REPOSITORY

KILLS, SEED = "KILL_SOAK_KILLS", "KILL_SOAK_SEED"
"""Environment variables; empty or unset for what this module chooses."""
LONG_FORM = 200
WEIGHTS: Mapping[str, float] = {
    "run worker": 4.0, "parser": 1.5, "browser": 6.0, "daemon": 1.5, "webserver": 1.0, "database": 1.5,
    "S3 server": 1.5, "disk full": 1.0, "clock jump": 1.0,
}  # fmt: skip
"""How likely each is among those that can be hit; the browser is rarely there."""
SHORTEST_GAP, LONGEST_GAP = 0.5, 6.0
"""Seconds from one fault to the next."""


@dataclass(frozen=True)
class Draw:
    """What comes next.

    Attributes:
        order: all kinds of faults; the first that can be brought about is.
        gap: seconds until then, of work.
        which: of several processes of a kind, as a share of their number.
        seconds: for how long the part is away, or the fault lasts.
        size: of the fault, between 0 and 1.
    """

    order: tuple[str, ...]
    gap: float
    which: float
    seconds: float
    size: float


def wanted_kills() -> int:
    """Return how many kills are asked for."""
    return int(os.environ.get(KILLS) or LONG_FORM)


def chosen_seed() -> int:
    """Return the seed that is asked for, or any."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(2**32))


def draws(seed: int, longest_gap: float = LONGEST_GAP) -> Iterator[Draw]:
    """Yield draws without end; each takes as many random numbers, whatever was hit before."""
    chance = random.Random(seed)
    while True:
        keys = {kind: chance.random() ** (1 / weight) for kind, weight in WEIGHTS.items()}
        order = tuple(sorted(keys, key=lambda kind: keys[kind], reverse=True))
        gap = chance.uniform(SHORTEST_GAP, longest_gap)
        yield Draw(order, gap, chance.random(), chance.uniform(0.0, 3.0), chance.random())


class HitLog:
    """A line for each fault: what was drawn, what was hit, and what was at work."""

    def __init__(self, seed: int) -> None:
        """Begin the file anew."""
        folder = REPOSITORY / ".webdata" / "chaos"
        folder.mkdir(parents=True, exist_ok=True)
        self.path: Path = folder / f"seed-{seed}.jsonl"
        self.path.unlink(missing_ok=True)
        self._began = time.monotonic()

    def write(self, draw: Draw | None, **told: Any) -> None:
        """Append a line."""
        drawn = {} if draw is None else {"draw": asdict(draw)}
        line = {"second": round(time.monotonic() - self._began, 2), **told, **drawn}
        with self.path.open("a") as file:
            file.write(json.dumps(line, default=str) + "\n")
