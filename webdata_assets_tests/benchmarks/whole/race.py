"""The race: each contender in turn, two days over the same site, in fresh processes.

What belongs here: running, and the figures of each run. What does not: what they mean (verdicts.py).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from webdata_assets_tests.benchmarks.measuring import run_module
from webdata_assets_tests.benchmarks.whole import contenders
from webdata_assets_tests.benchmarks.whole.costs import DayCost, bytes_below, run_command
from webdata_assets_tests.benchmarks.whole.plan import Plan
from webdata_assets_tests.benchmarks.whole.site import served

_OUTCOME = "webdata_assets_tests.benchmarks.whole.outcome"
DAYS = 2


@dataclass(frozen=True)
class Run:
    """One day of one contender.

    Attributes:
        contender: by name.
        day: counted from 0.
        cost: of all its commands and their children.
        stored_bytes: below its folder after the day.
        requests: that the site answered.
        outcome: file with what it has made.
    """

    contender: str
    day: int
    cost: DayCost
    stored_bytes: int
    requests: int
    outcome: Path


@dataclass(frozen=True)
class Field:
    """What is raced over, and with what.

    Attributes:
        site: folder of the pages.
        data: a folder laid out like the shared data.
        model: the encoder as fastembed reads it.
        encoders: where our own encoder is kept.
        folder: for all that the contenders make.
        cores: processes and threads at most.
    """

    site: Path
    data: Path
    model: Path
    encoders: Path
    folder: Path
    cores: int

    def plan(self, name: str, origin: str) -> Plan:
        """Return what a contender is told."""
        folder = self.folder / name.replace(" ", "-")
        return Plan(origin, folder, self.model, self.encoders, self.cores)


def race(field: Field, names: Sequence[str], days: int = DAYS) -> Iterator[Run]:
    """Yield the runs, contender by contender."""
    for name in names:
        port = 0
        for day in range(days):
            with served(field.site, day + 1, port) as site:
                port = site.port
                plan = field.plan(name, site.origin)
                if day == 0:
                    contenders.prepare(name, plan)
                yield _run(field, name, plan, day, site.requests)


def _run(field: Field, name: str, plan: Plan, day: int, requests: Callable[[], int]) -> Run:
    typed = contenders.day_of(name, plan, day)
    costs = [run_command(command, typed.environment) for command in typed.commands]
    out = field.folder / f"{plan.folder.name}-{day}.json"
    run = Run(name, day, sum(costs[1:], costs[0]), bytes_below(plan.folder), requests(), out)
    run_module(_OUTCOME, name, str(plan.file), str(field.data), str(field.site), str(out))
    return run
