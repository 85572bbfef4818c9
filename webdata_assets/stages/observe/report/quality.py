"""Quality of the data: why things were put aside, what repeats, what drifted.

What belongs here: these sections. What does not: volume and completeness, which are drawn (series.py).
"""

import polars as pl

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.listing import (
    MAX_ROWS,
    Badge,
    Code,
    Column,
    Listing,
    Section,
    Tone,
    Value,
    listing,
)
from webdata_assets.stages.observe.report.text import number, plural, share

_VERDICT_COLUMNS = [
    Column("Source"), Column("Value", "right"), Column("Limit", "right"), Column("From"), Column("Verdict"),
    Column("Found", wide=True),
]  # fmt: skip
NEAREST = 3
"""Sources that are named where all of them pass."""
_SIGNALS = {
    "drifted_share": "share of drifted columns",
    "domain_auc": "new told from learnt (AUC)",
    "metric": "champion's score on new records",
    "psi_feature": "PSI of a feature",
    "psi_component": "PSI of a vector component",
}


def reasons_section(facts: Facts) -> Section:
    """Return why records and URLs were put aside lately."""
    reasons = facts.reasons
    quarantine = [
        (Code(row["rule"]), row["disposition"], number(row["rows"]), number(row["sources"]), str(row["date"]))
        for row in reasons.quarantine.iter_rows(named=True)
    ]
    dead = [
        (row["reason"], row["failure_domain"], number(row["rows"]), number(row["sources"]), str(row["date"]))
        for row in reasons.dead_letters.iter_rows(named=True)
    ]
    numbers = [Column("Rows", "right"), Column("Sources", "right"), Column("Newest", "right")]
    return Section(
        "put-aside",
        "Quarantine and dead letters",
        f"In the newest {reasons.days} days: {plural(reasons.quarantined, 'row')} in quarantine, "
        f"{plural(reasons.dead, 'dead letter')}. Refused records are not valid; filtered ones are valid and "
        "not wanted.",
        (
            listing("Quarantine by rule", [Column("Rule"), Column("Disposition"), *numbers], quarantine),
            listing(
                "Dead letters by reason", [Column("Reason", wide=True), Column("Domain"), *numbers], dead
            ),
        ),
        empty=f"Nothing was put aside in the newest {reasons.days} days.",
    )


def duplicates_section(facts: Facts) -> Section:
    """Return how much repeats, in all and by source."""
    rows = _newest(facts, "records", "near_duplicates", as_share=True)
    of = f" of {facts.corpus_records:,} records in the corpus" if facts.corpus_records else ""
    lead = (
        f"{plural(facts.duplicates, 'record')}{of} nearly repeat an older one, "
        f"in {plural(facts.clusters, 'cluster')}."
        if facts.duplicates
        else f"No record{of} repeats an older one."
    )
    return Section(
        "duplicates",
        "Duplicates",
        lead,
        (_worst("Share within the newest partition", rows),),
        empty="The sources were not compared with each other yet.",
    )


def drift_section(facts: Facts) -> Section:
    """Return what moved: records against what the champion learnt, and partitions against their past."""
    monitoring = facts.monitoring.sort(pl.col("breached"), "value", descending=True, nulls_last=True)
    signals: list[tuple[Value, ...]] = [
        (
            _SIGNALS.get(row["signal"], row["signal"]),
            Code(row["name"]),
            number(row["value"]),
            number(row["threshold"]),
            number(row["current_rows"]),
            _verdict(passed=not row["breached"], blocks=False),
        )
        for row in monitoring.iter_rows(named=True)
    ]
    breached = facts.monitoring.filter("breached").height
    lead = f"{breached} of {plural(facts.monitoring.height, 'signal')} beyond its limit. " if signals else ""
    return Section(
        "drift",
        "Drift",
        f"{lead}New records are compared with those that the champion learnt from, and each partition with "
        "its source's last 30 days.",
        (
            listing(
                "Against what the champion learnt",
                [
                    Column("Signal"), Column("Of"), Column("Value", "right"), Column("Limit", "right"),
                    Column("New records", "right"), Column("Verdict"),
                ],
                signals,
            ),
            _worst("Share of features that drifted", _newest(facts, "features", "drift")),
            _worst("Vectors told from those before (AUC)", _newest(facts, "embeddings", "drift")),
        ),
        empty="Nothing was compared yet: there is no champion, and no partition with a past.",
    )  # fmt: skip


def _newest(facts: Facts, layer: str, check: str, *, as_share: bool = False) -> list[tuple[Value, ...]]:
    """Return what a check found on the newest partition of each source, the worst first."""
    write = share if as_share else number
    rows = (
        facts.verdicts[layer]
        .filter((pl.col("check") == check) & pl.col("value").is_not_null())
        .sort("date")
        .group_by("source", maintain_order=True)
        .last()
        .sort("passed", "value", descending=[False, True])
    )
    return [
        (
            row["source"],
            write(row["value"]),
            write(row["threshold"]),
            row["threshold_origin"] or "",
            _verdict(passed=row["passed"], blocks=row["severity"] == "ERROR"),
            row["detail"] or "",
        )
        for row in rows.iter_rows(named=True)
    ]


def _worst(title: str, rows: list[tuple[Value, ...]]) -> Listing:
    """Return the sources that do not pass, or the few that are nearest to their limit."""
    bad = sum(isinstance(row[4], Badge) and row[4].tone != "admitted" for row in rows)
    return listing(
        f"{title}, the worst sources", _VERDICT_COLUMNS, rows, most=max(NEAREST, min(bad, MAX_ROWS))
    )


def _verdict(*, passed: bool, blocks: bool) -> Badge:
    tone: Tone = "admitted" if passed else "failed" if blocks else "warned"
    return Badge(tone, "passed" if passed else "failed" if blocks else "warns")
