"""What is sent: one message for what belongs together, in place of one for each cause.

What belongs here: grouping and wording. What does not: delivering (outbox.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webdata_assets.automation.alerts.cause import SEVERITIES, sampled
from webdata_assets.stages.observe.receivers import Severity

STORM = 10
"""From more causes of one kind on, they are one message."""
SAMPLE = 10
GRAVEST_FIRST: tuple[Severity, ...] = ("failure", "warning", "info", "success")

Row = Mapping[str, Any]
"""Of the `alerts` table."""


@dataclass(frozen=True)
class Message:
    """One message, and the rows of the log that it tells."""

    title: str
    body: str
    severity: Severity
    rows: tuple[Row, ...]


def compose(rows: Sequence[Row]) -> list[Message]:
    """Return the messages that tell all rows, oldest first.

    More than `STORM` causes of one kind, and as many recoveries, are one message with a sample. What begins
    or is over at the same moment for the same partition is one message too, as is what is of one kind and of
    no partition.
    """
    by_kind: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row["state"], "" if row["state"] == "recovered" else row["kind"]].append(row)
    storms = [group for group in by_kind.values() if len(group) > STORM]
    single = [row for group in by_kind.values() if len(group) <= STORM for row in group]
    by_partition: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in single:
        about = row["kind"] if row["source"] is None else (row["date"], row["source"])
        by_partition[row["state"], row["at"], about].append(row)
    found = [*map(_storm, storms), *map(_together, by_partition.values())]
    return sorted(found, key=lambda message: (message.rows[0]["at"], message.title))


def _storm(rows: Sequence[Row]) -> Message:
    first = rows[0]
    is_over = first["state"] == "recovered"
    what = "causes are over" if is_over else f"alerts of one kind: {first['kind'].replace('_', ' ')}"
    listed = [f"- {row['title']}" for row in rows[:SAMPLE]]
    if len(rows) > SAMPLE:
        listed.append(f"- and {len(rows) - SAMPLE} more")
    sources = sorted({row["source"] for row in rows if row["source"]})
    lines = [f"Sources: {sampled(sources, SAMPLE)}."] if sources else []
    return Message(
        title=f"{len(rows)} {what}",
        body="\n".join([*lines, *listed, "`webdata alerts` lists what is open."]),
        severity=_gravest(rows),
        rows=tuple(rows),
    )


def _together(rows: Sequence[Row]) -> Message:
    if len(rows) == 1:
        return Message(_title(rows[0]), rows[0]["body"], _gravest(rows), tuple(rows))
    lines: dict[str, None] = {}
    for row in rows:
        # what several causes of a partition have in common is said once
        lines.update(dict.fromkeys([row["title"], *row["body"].split("\n")]))
    title = f"{_title(rows[0])}, and {len(rows) - 1} more"
    return Message(title, "\n".join(lines), _gravest(rows), tuple(rows))


def _title(row: Row) -> str:
    return f"Recovered: {row['title']}" if row["state"] == "recovered" else str(row["title"])


def _gravest(rows: Iterable[Row]) -> Severity:
    found = {"success" if row["state"] == "recovered" else SEVERITIES[row["kind"]] for row in rows}
    return min(found, key=GRAVEST_FIRST.index)
