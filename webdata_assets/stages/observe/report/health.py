"""The health grid: one cell per source and date, the state of the worst layer in it.

What belongs here: what state a partition is in, and why. What does not: how a cell looks.
"""

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts, SourceFacts

State = Literal["admitted", "warned", "waiting", "failed", "absent", "none"]
"""admitted: every layer is; warned: likewise, and a check warned; waiting: a layer is not made or not checked
yet; failed: a blocking check failed; absent: it was due and never came; none: it was not due."""

MAX_CELLS = 5_000
"""So that many sources leave the page small: they are shown over fewer dates."""
MAX_SOURCES = 100
SHORT = 31
"""Dates of a grid that names each day."""
TOLD_DATES = 14
"""Newest dates whose cells tell everything; older ones name the layer, so that the page stays small."""
_NAMED = 4
_Reasons = dict[tuple[dt.date, str], list[tuple[str, str]]]
"""(date, source) → (layer, what)."""


@dataclass(frozen=True)
class Cell:
    """One partition: its state, and in words why; `where` names the first layer of that state."""

    date: dt.date
    state: State
    why: str
    where: str = ""


@dataclass(frozen=True)
class Row:
    """One source over the dates of the grid."""

    source: str
    cells: tuple[Cell, ...]
    counts: Mapping[State, int]


@dataclass(frozen=True)
class Grid:
    """The sources that are shown; `months` are the dates' months, each with how many dates it spans."""

    dates: tuple[dt.date, ...]
    months: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    counts: Mapping[State, int]
    hidden: int
    """Sources that are left out, the ones with the least to tell."""

    @property
    def is_short(self) -> bool:
        """Whether there is room for the number of each day."""
        return len(self.dates) <= SHORT


def build_grid(facts: Facts) -> Grid:
    """Return the grid of the dates of the facts."""
    cells = _cells(facts)
    shown = min(len(facts.sources), MAX_SOURCES)
    days = (facts.until - facts.since).days + 1
    days = min(days, MAX_CELLS // shown) if shown else days
    dates = tuple(facts.until - dt.timedelta(days=back) for back in range(days - 1, -1, -1))
    rows = [_row(source, dates, cells.get(source.name, {}), facts.date) for source in facts.sources]
    total: Counter[State] = Counter()
    for row in rows:
        total.update(row.counts)
    telling = sorted(rows, key=lambda row: (-_trouble(row), row.source))[:MAX_SOURCES]
    months = tuple(
        (f"{month:%b %Y}", len(list(group)))
        for month, group in itertools.groupby(dates, key=lambda date: date.replace(day=1))
    )
    return Grid(
        dates, months, tuple(sorted(telling, key=lambda row: row.source)), total, len(rows) - len(telling)
    )


def _trouble(row: Row) -> int:
    return sum(count for state, count in row.counts.items() if state in ("failed", "waiting", "absent"))


def _row(source: SourceFacts, dates: tuple[dt.date, ...], known: Mapping[dt.date, Cell], now: dt.date) -> Row:
    found = [known.get(date) or _without(source, date, known, now) for date in dates]
    older = len(found) - TOLD_DATES
    found = [replace(cell, why=cell.where) if place < older else cell for place, cell in enumerate(found)]
    return Row(source.name, tuple(found), Counter(cell.state for cell in found if cell.state != "none"))


def _without(source: SourceFacts, date: dt.date, known: Mapping[dt.date, Cell], now: dt.date) -> Cell:
    """Return the cell of a date without a partition: absent where one was due, on it or by its cadence."""
    due_until = now if source.is_scheduled else max(known, default=source.start)
    if source.end is not None:
        due_until = min(due_until, source.end + dt.timedelta(days=1))
    if not min(known, default=now) < date < due_until:
        return Cell(date, "none", "")
    cadence = max(1, math.ceil(source.cadence_hours / 24))
    covered = any(date - dt.timedelta(days=back) in known for back in range(cadence))
    return Cell(date, "none", "") if covered else Cell(date, "absent", "nothing was stored")


def _cells(facts: Facts) -> dict[str, dict[dt.date, Cell]]:
    """Return the stored partitions by source and date."""
    reasons: dict[State, _Reasons] = {state: defaultdict(list) for state in ("failed", "waiting", "warned")}
    written: dict[tuple[dt.date, str], set[str]] = defaultdict(set)
    for layer, states in facts.states.items():
        for date, source, failed, missing, admitted in states.select(
            "date", "source", "failed", "missing", "admitted"
        ).iter_rows():
            written[date, source].add(layer)
            if not admitted:
                told = f"{_names(failed)} failed" if failed else f"not checked: {_names(missing)}"
                reasons["failed" if failed else "waiting"][date, source].append((layer, told))
        warned = facts.verdicts[layer].filter(~pl.col("passed") & (pl.col("severity") == "WARN"))
        for date, source, check in warned.select("date", "source", "check").iter_rows():
            reasons["warned"][date, source].append((layer, f"{check} warned"))
    found: dict[str, dict[dt.date, Cell]] = defaultdict(dict)
    for (date, source), layers in written.items():
        unmade = [layer for layer in facts.states if layer not in layers]
        if unmade and (date, source) not in reasons["failed"]:
            reasons["waiting"][date, source].append((unmade[0], "not made yet"))
        found[source][date] = _cell(date, (date, source), reasons)
    return found


def _cell(date: dt.date, key: tuple[dt.date, str], reasons: Mapping[State, _Reasons]) -> Cell:
    for state, of_state in reasons.items():
        if key in of_state:
            told = [f"{layer}: {what}" for layer, what in of_state[key]]
            return Cell(date, state, _names(told, "; "), of_state[key][0][0])
    return Cell(date, "admitted", "admitted")


def _names(names: Sequence[str], between: str = ", ") -> str:
    more = len(names) - _NAMED
    return between.join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
