"""What a day costs beside its work: both days over a site of one page, less the same stages called directly.

What belongs here: the site of one page, the runs, and counting steps. What does not: the race (race.py).
"""

import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from webdata_assets_tests.benchmarks.whole import contenders
from webdata_assets_tests.benchmarks.whole.collection import rendered
from webdata_assets_tests.benchmarks.whole.costs import run_command
from webdata_assets_tests.benchmarks.whole.outcome import OURS
from webdata_assets_tests.benchmarks.whole.race import DAYS, Field
from webdata_assets_tests.benchmarks.whole.site import served

_STAGES = "webdata_assets_tests.benchmarks.whole.by_stages"
_TEXT = " ".join(
    f"In the year {1900 + year} the gardeners of the town planted {year + 3} trees of a new kind, and those "
    f"who came to see them in spring said that they had never walked below so many flowers of colour {year}."
    for year in range(12)
)


@dataclass(frozen=True)
class Overhead:
    """Of one contender, both days together.

    Attributes:
        whole: CPU seconds of what is typed.
        direct: CPU seconds of the same stages in one process each day, without orchestration.
        steps: that Dagster started, checks included.
    """

    contender: str
    whole: float
    direct: float
    steps: int

    @property
    def seconds(self) -> float:
        """CPU seconds beside the work."""
        return self.whole - self.direct

    @property
    def per_step(self) -> float:
        """CPU seconds beside the work, of one step."""
        return self.seconds / max(self.steps, 1)

    def as_row(self) -> Mapping[str, object]:
        """Return the plain values."""
        return asdict(self) | {"beside the work": self.seconds, "per step": self.per_step}


def overheads(field: Field) -> list[Overhead]:
    """Measure ours and plain Dagster; the script is plain Dagster's direct work."""
    site = field.folder / "one-page-site"
    for day in ("day1", "day2"):
        (site / day).mkdir(parents=True)
    (site / "day1" / "page.html").write_text(rendered("Trees of the town", _TEXT))
    field = replace(field, site=site, folder=field.folder / "one-page")
    direct = {OURS: _direct(field), contenders.DAGSTER: _whole(field, contenders.SCRIPT)[0]}
    found = []
    for name, seconds in direct.items():
        whole, folder = _whole(field, name)
        found.append(Overhead(name, whole, seconds, steps_below(folder)))
    return found


def steps_below(folder: Path) -> int:
    """Return how many steps the run databases below a folder tell of."""
    steps = 0
    for file in folder.rglob("history/runs/*.db"):
        with sqlite3.connect(file) as database:
            known = database.execute("SELECT name FROM sqlite_master WHERE name = 'event_logs'").fetchone()
            if known and file.name != "index.db":
                query = "SELECT count(*) FROM event_logs WHERE dagster_event_type = 'STEP_START'"
                steps += database.execute(query).fetchone()[0]
    return steps


def _whole(field: Field, name: str) -> tuple[float, Path]:
    seconds, port = 0.0, 0
    for day in range(DAYS):
        with served(field.site, day + 1, port) as site:
            port = site.port
            plan = field.plan(name, site.origin)
            if day == 0:
                contenders.prepare(name, plan)
            typed = contenders.day_of(name, plan, day)
            seconds += sum(run_command(each, typed.environment).cpu_seconds for each in typed.commands)
    return seconds, plan.folder


def _direct(field: Field) -> float:
    with served(field.site, 1) as site:
        plan = field.plan("direct", site.origin)
        plan.save()
        return DAYS * run_command([sys.executable, "-m", _STAGES, str(plan.file)], {}).cpu_seconds
