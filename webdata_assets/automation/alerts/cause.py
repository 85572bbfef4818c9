"""A cause: one thing that is wrong until it is not.

What belongs here: the value, and the names of causes. What does not: finding them (the modules beside this
one), and telling them (outbox.py).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from webdata_assets.errors import FailureDomain
from webdata_assets.partitions import Partition
from webdata_assets.stages.observe.receivers import Severity

Kind = Literal[
    "run_failed", "run_long", "check_failed", "breaker_open", "proxies_empty", "attempts_exhausted",
    "upstream_late", "awaiting_patch", "model_held_back", "delivery_halted",
]  # fmt: skip

SEVERITIES: dict[Kind, Severity] = {
    "run_failed": "failure",
    "run_long": "warning",
    "check_failed": "failure",
    "breaker_open": "warning",
    "proxies_empty": "failure",
    "attempts_exhausted": "failure",
    "upstream_late": "warning",
    "awaiting_patch": "failure",
    "model_held_back": "warning",
    "delivery_halted": "failure",
}


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong now.

    Attributes:
        cause: its name, the same for as long as it lasts.
        kind: what sort of thing.
        date: of its partition; None, as is `source`, where it is none of a partition's.
        source: the source.
        failure_domain: whose fault it is; None for a bug, and where nobody knows.
        title: one line.
        body: what happened and what to do: our own words, numbers, and URLs.
    """

    cause: str
    kind: Kind
    date: dt.date | None
    source: str | None
    failure_domain: FailureDomain | None
    title: str
    body: str

    def as_row(self) -> dict[str, Any]:
        """Return the columns of the `alerts` table that the cause gives."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def about(partition: Partition | None, source: str | None = None) -> str:
    """Return how a message names what it is about."""
    if partition is not None:
        return f"{partition.source} {partition.date}"
    return source or "webdata"


def written(*lines: str) -> str:
    """Return the lines of a body that are not empty."""
    return "\n".join(line for line in lines if line)


def sampled(names: Sequence[str], shown: int) -> str:
    """Return the first names, and how many more there are."""
    listed = ", ".join(names[:shown])
    return listed if len(names) <= shown else f"{listed} and {len(names) - shown} more"
