"""Which partitions are left failed, why, and how each is recovered.

What belongs here: the inventory as a pure function of states and verdicts, and the words of recovery. What
does not: reading the ledger (checks/inventory.py), and recovering (automation/).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from webdata_assets.partitions import Partition

SAMPLE = 20
"""Failed partitions that an inventory names, if not told otherwise."""
UNCHECKED_AFTER = dt.timedelta(hours=1)
"""A write that is this old without verdicts belongs to a run that died."""
NOT_CHECKED = "not checked"

_CRAWL_AGAIN = "crawl it again with `webdata run --source {source} --date {date}`"
_REPLAY = "replay it with `webdata run --source {source} --date {date} --replay`"
_JUDGE = "judge what is stored with `webdata checks run --source {source} --date {date}`"
_LAYERS = {
    "frontier": f"see that the source's site and proxies answer, then {_CRAWL_AGAIN}",
    "pages": f"{_CRAWL_AGAIN}; a past date of a live site can only be replayed or left out",
    "dead_letters": f"report it as a bug, then {_CRAWL_AGAIN}",
}
_CHECKS = {
    ("frontier", "proxies_healthy"): f"put working proxies into fetch.proxies, then {_CRAWL_AGAIN}",
    ("pages", "completeness"): "see `webdata deadletters list {source}`; when the site answers again, "
    + _CRAWL_AGAIN,
    ("records", "completeness"): "see `webdata selectors list`, patch the source's extract.fields, then "
    + _REPLAY,
    ("records", "valid_share"): f"see the quarantine's reasons, patch the source's extract, then {_REPLAY}",
    ("embeddings", "one_model"): "embed it again with `webdata embed --source {source}`",
}
"""(layer, check) → how to recover, where it is not the layer's way."""


@dataclass(frozen=True)
class FailedPartition:
    """One partition that a blocking check keeps out, by the earliest layer that fails.

    Attributes:
        partition: the partition.
        layer: the earliest layer that is not admitted; those after it follow from it.
        checks: blocking checks that failed, or that never ran.
        detail: what the first of them found, in words.
        remedy: how to recover.
    """

    partition: Partition
    layer: str
    checks: tuple[str, ...]
    detail: str
    remedy: str


@dataclass(frozen=True)
class Inventory:
    """What is left failed.

    Attributes:
        total: failed partitions, exactly.
        by_layer: how many of them fail first in which layer, in the order of the graph.
        rows: the newest of them, at most as many as were asked for.
    """

    total: int
    by_layer: Mapping[str, int]
    rows: tuple[FailedPartition, ...]


def take_inventory(
    layers: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]], now: dt.datetime, *, cap: int = SAMPLE
) -> Inventory:
    """Return the partitions of which a layer failed, or was written and never checked.

    Args:
        layers: by name, in the order of the graph: columns of `Ledger.states`, and of
            `Ledger.all_newest_verdicts`.
        now: the moment of the look, in UTC.
        cap: how many partitions to name.
    """
    order = list(layers)
    failed = [
        states.filter(~pl.col("admitted"))
        .filter((pl.col("failed").list.len() > 0) | (pl.col("at") < now - UNCHECKED_AFTER))
        .select("date", "source", "failed", "missing", layer=pl.lit(name), place=pl.lit(place))
        for place, (name, (states, _)) in enumerate(layers.items())
    ]
    if not failed:
        return Inventory(0, {}, ())
    first = (
        pl.concat(failed)
        .sort("date", "source", "place", descending=[True, False, False])
        .unique(["date", "source"], keep="first", maintain_order=True)
    )
    counts = dict(first.group_by("layer").len().iter_rows())
    rows = [_failed_partition(row, layers[row["layer"]][1]) for row in first.head(cap).iter_rows(named=True)]
    return Inventory(first.height, {name: counts[name] for name in order if name in counts}, tuple(rows))


def remedy(partition: Partition, layer: str, checks: Sequence[str]) -> str:
    """Return how to recover a partition of a layer in which checks failed, or are `NOT_CHECKED`."""
    source = partition.source.replace("`", "")  # it stands between backquotes
    if NOT_CHECKED in checks:
        return _JUDGE.format(source=source, date=partition.date)
    text = next((_CHECKS[layer, name] for name in checks if (layer, name) in _CHECKS), None)
    text = text or _LAYERS.get(layer, _REPLAY)
    return text.format(source=source, date=partition.date)


def _failed_partition(row: Mapping[str, object], verdicts: pl.DataFrame) -> FailedPartition:
    date, source, failed, missing = row["date"], row["source"], row["failed"], row["missing"]
    assert isinstance(date, dt.date)
    assert isinstance(failed, list)
    assert isinstance(missing, list)
    partition, layer = Partition(date, str(source)), str(row["layer"])
    if not failed:
        told = f"did not run on its newest data: {', '.join(missing)}"
        return FailedPartition(
            partition, layer, (NOT_CHECKED,), told, remedy(partition, layer, [NOT_CHECKED])
        )
    here = verdicts.filter(
        (pl.col("date") == date) & (pl.col("source") == source) & pl.col("check").is_in(failed)
    )
    details = [f"{check}: {detail}" for check, detail in here.select("check", "detail").iter_rows() if detail]
    detail = "; ".join(details) or f"{', '.join(failed)} failed"
    return FailedPartition(partition, layer, tuple(failed), detail, remedy(partition, layer, failed))
