"""The head of the report: its verdict in a sentence, and a few figures.

What belongs here: what the whole comes to. What does not: any detail.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.freshness import Freshness
from webdata_assets.stages.observe.report.health import Grid
from webdata_assets.stages.observe.report.listing import Tone
from webdata_assets.stages.observe.report.operations import ALL_JOBS
from webdata_assets.stages.observe.report.text import NOTHING, number, plural, share


@dataclass(frozen=True)
class Tile:
    """One figure with its name, a note, and the section that tells more."""

    name: str
    figure: str
    note: str
    tone: Tone
    anchor: str


@dataclass(frozen=True)
class Verdict:
    """What the report comes to: a tone, a headline, and the facts behind it in one sentence."""

    tone: Tone
    headline: str
    sentence: str


def build_verdict(facts: Facts, grid: Grid, freshness: list[Freshness]) -> Verdict:
    """Return the verdict: what needs a person comes before what only waits or warns."""
    late = sum(each.state == "late" for each in freshness)
    broken = facts.tables.filter(pl.col("failed").list.len() > 0)["table"].to_list()
    proposals, waiting = facts.proposals.height, grid.counts.get("waiting", 0)
    serious = [
        (facts.inventory.total, "partition is left failed", "partitions are left failed"),
        (facts.alerts.height, "alert is open", "alerts are open"),
        (late, "source is late", "sources are late"),
        (len(broken), f"layer failed: {', '.join(broken)}", f"layers failed: {', '.join(broken)}"),
    ]
    slight = [
        (proposals, "selector waits for a patch", "selectors wait for a patch"),
        (waiting, "partition not finished", "partitions not finished"),
    ]
    told = [plural(*each) for each in (*serious, *slight) if each[0]]
    sentence = f"{'; '.join(told)}." if told else "Every stored partition is admitted, and no alert is open."
    if not any(states.height for states in facts.states.values()):
        return Verdict(
            "none", "Nothing was collected yet", "Run a first partition: `webdata run --source NAME`."
        )
    if any(each[0] for each in serious):
        return Verdict("failed", "Needs a person", sentence)
    if told:
        return Verdict("waiting", "Well, with work under way", sentence)
    return Verdict("admitted", "All is well", sentence)


def build_tiles(facts: Facts, grid: Grid, freshness: list[Freshness]) -> tuple[Tile, ...]:
    """Return the figures at the head of the page."""
    stored = sum(count for state, count in grid.counts.items() if state != "absent")
    admitted = grid.counts.get("admitted", 0) + grid.counts.get("warned", 0)
    failed, waiting = facts.inventory.total, facts.alerts.height + facts.proposals.height
    watched = [each for each in freshness if each.state in ("fresh", "late")]
    fresh = sum(each.state == "fresh" for each in watched)
    rate = facts.service_levels.filter(
        (pl.col("job") == ALL_JOBS)
        & (pl.col("metric") == "success_rate")
        & (pl.col("month") == pl.col("month").max())
    )["value"]
    records = facts.states["records"]
    newest = dt.date.max if records.is_empty() else records["date"].sort()[-1]
    rows = float(records.filter(pl.col("date") == newest)["rows"].sum())
    return (
        Tile("partitions admitted", share(admitted / stored) if stored else NOTHING,
             f"{admitted:,} of {stored:,} in {plural(len(grid.dates), 'day')}", "none", "health"),
        Tile("left failed", number(failed), "partitions, of all dates", "failed" if failed else "admitted",
             "attention"),
        Tile("waiting", number(waiting), "open alerts and proposed selectors",
             "failed" if facts.alerts.height else "waiting" if waiting else "admitted", "attention"),
        Tile("sources fresh", f"{fresh}/{len(watched)}" if watched else NOTHING, "of those with a schedule",
             "failed" if fresh < len(watched) else "none", "freshness"),
        Tile("records", number(rows), f"on {newest}" if records.height else "none yet", "none", "volume"),
        Tile("runs that succeed", share(rate.item(0)) if rate.len() else NOTHING, "this month", "none",
             "service-levels"),
    )  # fmt: skip
