"""What waits for a person: open alerts, proposed selectors, partitions that are left failed.

What belongs here: these three, as tables. What does not: finding them out.
"""

import datetime as dt

from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.listing import Badge, Code, Column, Section, Words, listing
from webdata_assets.stages.observe.report.text import age, plural, share


def attention_section(facts: Facts) -> Section:
    """Return the section of what waits for a person."""
    inventory = facts.inventory
    alerts = [
        (
            Badge("failed", row["title"]),
            row["body"],
            age((facts.now - row["at"]) / dt.timedelta(hours=1)),
        )
        for row in facts.alerts.sort("at", descending=True).iter_rows(named=True)
    ]
    proposals = [
        (
            f"{row['source']} · {row['field']}",
            share(row["found_share"]),
            Code(row["proposal"]) if row["proposal"] else row["reason"],
            share(row["support"]),
            Code(f"webdata selectors accept {row['source']} {row['field']}") if row["proposal"] else "",
        )
        for row in facts.proposals.iter_rows(named=True)
    ]
    failed = [
        (
            f"{each.partition.date} · {each.partition.source}",
            Badge("failed", each.layer),
            each.detail,
            Words(each.remedy),
        )
        for each in inventory.rows
    ]
    parts = [
        plural(count, noun)
        for count, noun in (
            (inventory.total, "failed partition"), (len(alerts), "open alert"),
            (len(proposals), "proposed selector"),
        )
        if count
    ]  # fmt: skip
    layers = ", ".join(f"{count} in {layer}" for layer, count in inventory.by_layer.items())
    lead = f"{' · '.join(parts)}. " + (f"Partitions fail first: {layers}." if layers else "") if parts else ""
    return Section(
        "attention",
        "Waiting for a person",
        lead,
        (
            listing(
                "Open alerts",
                [Column("Alert"), Column("What to do", wide=True), Column("Since", "right")],
                alerts,
            ),
            listing(
                "Selectors that no longer match",
                [
                    Column("Field"), Column("Found in", "right"), Column("Proposal", wide=True),
                    Column("Support", "right"), Column("To accept it"),
                ],
                proposals,
            ),
            listing(
                "Partitions left failed",
                [Column("Partition"), Column("Fails in"), Column("Found", wide=True),
                 Column("How to recover", wide=True)],
                failed,
                total=inventory.total,
            ),
        ),
        empty="Nothing: no partition is left failed, no alert is open, every selector matches.",
    )  # fmt: skip
