"""Who races: what each types on a day, and how many steps its orchestration takes.

What belongs here: commands and environments. What does not: running them (race.py).
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webdata_assets_tests.benchmarks.whole import by_ours
from webdata_assets_tests.benchmarks.whole.outcome import OURS
from webdata_assets_tests.benchmarks.whole.plan import DATES, PLAN_FILE, SOURCE, Plan

_PACKAGE = "webdata_assets_tests.benchmarks.whole"
SCRIPT, DAGSTER = "script", "plain Dagster"
NAMES = (OURS, SCRIPT, DAGSTER)


@dataclass(frozen=True)
class Day:
    """The commands of one day, and the environment that they run in."""

    commands: list[list[str]]
    environment: Mapping[str, str]


def prepare(name: str, plan: Plan) -> None:
    """Make the contender's folder as its user would have it before the first day."""
    plan.save()
    if name == OURS:
        by_ours.prepare(plan)
    if name == DAGSTER:
        (plan.folder / "dagster").mkdir()
        (plan.folder / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")


def day_of(name: str, plan: Plan, day: int) -> Day:
    """Return what is typed on a day, counted from 0."""
    if name == OURS:
        commands = [[_program(program), *rest] for program, *rest in by_ours.commands(day)]
        return Day(commands, by_ours.environment(plan.folder))
    if name == SCRIPT:
        return Day([[sys.executable, "-m", f"{_PACKAGE}.by_script", str(plan.file)]], {})
    module, key = f"{_PACKAGE}.by_dagster", f"{DATES[day]}|{SOURCE}"
    command = [_program("dagster"), "asset", "materialize", "-m", module, "--select", "*", "--partition", key]
    home = {"DAGSTER_HOME": str(plan.folder / "dagster"), PLAN_FILE: str(plan.file)}
    return Day([command], home)


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else str(shutil.which(name))
