"""The model and what is delivered with it: history of versions, releases, and the state of each sink.

What belongs here: these sections. What does not: drift (quality.py).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.listing import Badge, Code, Column, Section, Value, listing
from webdata_assets.stages.observe.report.plots import score_chart
from webdata_assets.stages.observe.report.text import moment, number, plural

MAX_VERSIONS = 40
"""Of the chart; the newest ones are shown."""
_HASH_DIGITS = 8


def model_section(facts: Facts) -> Section:
    """Return every version that was trained, the champion marked, and what was released."""
    models = facts.models.sort("trained_at")
    releases = facts.releases.sort("release")
    in_use = releases["model_version"].to_list()
    champion = in_use[-1] if in_use else None
    numbered = models.with_row_index("number", offset=1)
    rows: list[tuple[Value, ...]] = [
        (
            number(row["number"]),
            Code(row["version"][:_HASH_DIGITS]),
            _standing(row["version"], champion, set(in_use), promotable=row["promotable"]),
            f"{row['score']:.3f}",
            f"{row['score_low']:.3f} – {row['score_high']:.3f}",
            f"{row['baseline_score']:.3f}",
            number(row["train_rows"]),
            moment(row["trained_at"]),
            row["reason"],
        )
        for row in numbered.reverse().iter_rows(named=True)
    ]
    released: list[tuple[Value, ...]] = [
        (
            number(row["release"]),
            Code((row["model_version"] or "none")[:_HASH_DIGITS]),
            Code(row["index_snapshot"]),
            number(row["chunks"]),
            moment(row["released_at"]),
            row["reason"],
        )
        for row in releases.reverse().iter_rows(named=True)
    ]
    drawn = numbered.tail(MAX_VERSIONS)
    metric = models.item(-1, "metric") if models.height else ""
    drawing = (
        score_chart(
            list(drawn.select("score", "score_low", "score_high").iter_rows()),
            drawn["version"].is_in(pl.Series(in_use, dtype=pl.String).implode()).to_list(),
            title=f"Score of {plural(drawn.height, 'version')} with its 95 % interval, in order of training; "
            "full dots are or were champions",
            first=int(drawn.item(0, "number")),
        )
        if drawn.height > 1
        else None
    )
    lead = (
        f"{plural(models.height, 'version')}, {plural(releases.height, 'release')}. The score is {metric}, "
        "with its 95 % interval; full dots are or were in use."
        if models.height
        else ""
    )
    return Section(
        "model",
        "Model",
        lead,
        (
            listing(
                "Versions, the newest first",
                [
                    Column("#", "right"), Column("Version"), Column("Standing"), Column("Score", "right"),
                    Column("95 % interval", "right"), Column("Baseline", "right"), Column("Rows", "right"),
                    Column("Trained, UTC", "right"), Column("Why", wide=True),
                ],
                rows,
            ),
            listing(
                "Releases, the newest first",
                [
                    Column("#", "right"), Column("Model"), Column("Index"), Column("Chunks", "right"),
                    Column("Released, UTC", "right"), Column("Why", wide=True),
                ],
                released,
            ),
        ),
        drawing=drawing,
        empty="No model was trained yet: `webdata publish --retrain` trains the first one.",
    )  # fmt: skip


def delivery_section(facts: Facts) -> Section:
    """Return what each sink holds, and whether it equals what was sent."""
    rows: list[tuple[Value, ...]] = [
        (
            row["sink"],
            Code(row["target"]),
            number(row["rows"] or 0),
            f"+{row['inserted']:,} ~{row['updated']:,} −{row['deleted']:,}",
            Code((row["model_version"] or "none")[:_HASH_DIGITS]),
            moment(row["delivered_at"]) if row["delivered_at"] else "never",
            _delivered(row),
        )
        for row in facts.deliveries.iter_rows(named=True)
    ]
    return Section(
        "delivery",
        "Deliveries",
        "What each sink holds after its last merge, read back and compared with what was sent."
        if rows
        else "",
        (
            listing(
                "Sinks",
                [
                    Column("Sink"), Column("Target"), Column("Rows", "right"), Column("Last merge", "right"),
                    Column("Model"), Column("Delivered, UTC", "right"), Column("Content"),
                ],
                rows,
            ),
        ),
        empty="Nothing was delivered yet.",
    )  # fmt: skip


def _delivered(row: Mapping[str, Any]) -> Badge:
    """Return how the last delivery ended; one before this was told is judged by its content."""
    if row["state"] not in (None, "delivered"):
        return Badge("failed", row["state"].replace("_", " "))
    same = row["content_hash"] == row["source_hash"]
    return Badge("admitted", "equal") if same else Badge("failed", "differs")


def _standing(version: str, champion: str | None, in_use: set[str | None], *, promotable: bool) -> Badge:
    if version == champion:
        return Badge("admitted", "champion")
    if version in in_use:
        return Badge("none", "was champion")
    return Badge("waiting", "may be promoted") if promotable else Badge("none", "held back")
