"""Planning past the machine: what breaks first with 10,000 sources over 365 days on 10 workers.

    python -m webdata_assets_tests.benchmarks.planning [--measure] [--sources N --days N --workers N …]

A simulation with a clock that ticks by the hour. Costs of one partition are recorded from real runs of the
demo (`--measure` runs them again and takes those); limits are those at which something was seen to slow down,
each with where it was seen. Nothing here is a measurement of the scale itself.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from webdata_assets_tests.benchmarks.arguments import report
from webdata_assets_tests.benchmarks.planning_costs import RECORDED, Costs, measure

_HOURS, _HOUR_SECONDS = 24, 3_600
_GIGABYTE = 1e9
_BUSY = 0.8
"""Of the workers' time at most, so that a day that takes longer is made up for."""


@dataclass(frozen=True)
class Plan:
    """A deployment to be thought through.

    Attributes:
        workers: runs at a time, each on a core of its own.
        pages: of a source and date.
        crawl_delay: seconds between two requests to a source's host, which a run waits for.
        start_hours: over how many hours of the day the sources' schedules are spread.
        locations: code locations among which the sources are divided (a folder of WEBDATA_SOURCES each).
        archive_after_days: WEBDATA_ARCHIVE_AFTER_DAYS; 0: never.
        event_log_days: after which runs are deleted with their events (`dagster run delete`); 0: never.
        core_hour: price of one core for an hour.
        gigabyte_month: price of a gigabyte kept for a month.
    """

    sources: int = 10_000
    days: int = 365
    workers: int = 10
    start_hours: int = 1
    pages: int = 100
    crawl_delay: float = 1.0
    locations: int = 1
    archive_after_days: int = 0
    event_log_days: int = 0
    core_hour: float = 0.04
    gigabyte_month: float = 0.023


@dataclass(frozen=True)
class Day:
    """What a day ends with; `queue` and `commits_per_second` are the day's highest.

    Attributes:
        live: partitions of one asset in the grid of one code location.
        files: data files in the log of one partitioned table, one per partition and not archived.
        waited_hours: until the last partition of the day was done, from when it was due.
    """

    number: int
    live: float
    event_rows: float
    versions: float
    files: float
    ledger_rows: float
    queue: float
    waited_hours: float
    commits_per_second: float
    gigabytes: float


@dataclass(frozen=True)
class Limit:
    """From where on something slows down, where that was seen, and what moves it."""

    field: str
    most: float
    seen: str
    moved_by: str


LIMITS = (
    Limit("live", 10_000, "partition pages of the UI slow down", "more code locations; archive_after_days"),
    Limit("waited_hours", 24, "a day's partitions are not done when the next day's are due",
          "workers; start_hours; fewer pages a source"),
    Limit("commits_per_second", 46, "46 to 66 commits a second on one table, 8 writers",
          "start_hours; a store per code location"),
    Limit("files", 225_000, "4.4 µs of opening for each: 1 s, extrapolated from 100 to 2,000",
          "archive_after_days; a store per code location"),
    Limit("event_rows", 100e6, "assumed: indexes of PostgreSQL outgrow 16 GB of memory",
          "event_log_days: delete old runs"),
)  # fmt: skip


def seconds_of(plan: Plan, costs: Costs) -> float:
    """Return how long a partition keeps a worker: its CPU time, and the politeness that it owes a host."""
    return costs.cpu(plan.pages) + plan.crawl_delay * plan.pages


def simulate(plan: Plan, costs: Costs) -> list[Day]:
    """Return the days of a plan, each worked off hour by hour, oldest partitions first."""
    capacity = plan.workers * _HOUR_SECONDS / seconds_of(plan, costs)
    arrival = plan.sources / plan.start_hours
    backlog = done = 0.0
    days = []
    for number in range(1, plan.days + 1):
        queue = waited = busiest = 0.0
        for hour in range(_HOURS):
            backlog += arrival if hour < plan.start_hours else 0
            queue = max(queue, backlog)
            waited = max(waited, backlog / capacity)
            worked = min(backlog, capacity)
            busiest = max(busiest, worked / _HOUR_SECONDS)
            backlog -= worked
            done += worked
        due = plan.sources * number
        kept = plan.sources * min(number, plan.archive_after_days or number)
        logged = plan.sources * min(number, plan.event_log_days or number)
        days.append(
            Day(
                number=number,
                live=kept / plan.locations,
                event_rows=min(done, logged) * costs.event_rows,
                versions=done,
                files=max(0.0, min(done, done - (due - kept))),
                ledger_rows=done * costs.ledger_rows,
                queue=queue,
                waited_hours=waited,
                commits_per_second=busiest,
                gigabytes=done * costs.stored_bytes(plan.pages) / _GIGABYTE,
            )
        )
    return days


def first_breaks(days: Sequence[Day]) -> list[dict[str, object]]:
    """Return the limits that a plan meets, the earliest first, and those that it does not, with None."""
    found: list[dict[str, object]] = []
    for limit in LIMITS:
        values = [float(getattr(day, limit.field)) for day in days]
        broken = next(
            (day.number for day, value in zip(days, values, strict=True) if value > limit.most), None
        )
        found.append(
            {
                "what": limit.field,
                "limit": f"{limit.most:,.0f}",
                "first above it on day": broken,
                "at the end": f"{values[-1]:,.1f}",
                "moved by": limit.moved_by,
                "seen": limit.seen,
            }
        )
    return sorted(found, key=lambda row: (row["first above it on day"] is None, row["first above it on day"]))


def cost_per_million_pages(plan: Plan, costs: Costs) -> dict[str, float]:
    """Return core-hours, gigabytes and their price (stored for a year) of a million pages."""
    partitions = 1e6 / plan.pages
    core_hours = partitions * costs.cpu(plan.pages) / _HOUR_SECONDS
    gigabytes = partitions * costs.stored_bytes(plan.pages) / _GIGABYTE
    price = core_hours * plan.core_hour + gigabytes * plan.gigabyte_month * 12
    return {"core hours": core_hours, "GB": gigabytes, "price": price}


def mended(plan: Plan, costs: Costs) -> Plan:
    """Return the plan with the settings that keep it within the limits for as long as it is simulated."""
    live = int(LIMITS[0].most)
    kept = 30
    needed = plan.sources * seconds_of(plan, costs) / (_HOURS * _HOUR_SECONDS)
    return replace(
        plan,
        locations=max(1, -(-plan.sources * kept // live)),
        archive_after_days=min(kept, int(LIMITS[3].most // plan.sources)),
        event_log_days=max(1, int(LIMITS[4].most // (plan.sources * costs.event_rows))),
        start_hours=20,
        workers=max(plan.workers, int(needed / _BUSY) + 1),
    )


def main() -> None:
    """Simulate a plan as given and mended, and print what breaks first."""
    arguments = argparse.ArgumentParser(description="What breaks first past the machine.")
    for name, value in asdict(Plan()).items():
        arguments.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    arguments.add_argument("--measure", action="store_true", help="run the demo for the costs")
    arguments.add_argument("--json", type=Path, help="write all figures there")
    given = vars(arguments.parse_args())
    out, measured = given.pop("json"), given.pop("measure")
    costs = measure() if measured else RECORDED
    asked = Plan(**given)
    tables, results = [("Costs", [asdict(costs)])], {"costs": asdict(costs)}
    for name, plan in (("as asked", asked), ("mended", mended(asked, costs))):
        days = simulate(plan, costs)
        last = {field: f"{value:,.1f}" for field, value in asdict(days[-1]).items()}
        price = cost_per_million_pages(plan, costs)
        tables += [
            (f"Plan {name}: {json.dumps(asdict(plan))}", first_breaks(days)),
            ("Its last day", [last]),
            ("A million pages", [price]),
        ]
        results[name] = {
            "plan": asdict(plan),
            "last": asdict(days[-1]),
            "breaks": first_breaks(days),
            **price,
        }
    report(results, tables, out)


if __name__ == "__main__":
    main()
