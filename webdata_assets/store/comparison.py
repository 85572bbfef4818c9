"""Two stores compared by their ledgers: what is admitted in which version, released and delivered.

What belongs here: what differs between two stores. What does not: counting rows of partitions that differ
(row_comparison.py), and finding the stores (cli/diff.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.release import RELEASE
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.store.releases import admitted_release
from webdata_assets.store.store import Store

ABSENT = "absent"
_KEYS = ["date", "source"]
_OF_RELEASE = ("index_snapshot", "encoder", "chunks", "model_version")
_OF_SINK = ("kind", "state", "rows", "content_hash", "corpus_version", "model_version")
_Values = Mapping[str, object]


@dataclass(frozen=True)
class Difference:
    """One thing that two stores have differently.

    Attributes:
        table: in which table.
        part: the partition as `YYYY-MM-DD|source`, or the name of a sink; None for a table as a whole.
        what: `state`, `data_version`, `code_version`, or a column of the release or of a sink.
        first: what the first store has.
        second: what the second store has.
    """

    table: str
    part: str | None
    what: str
    first: object
    second: object


@dataclass(frozen=True)
class Layer:
    """How many partitions of a table two stores have, by state; of a table without partitions one or none."""

    table: str
    first: Mapping[str, int]
    second: Mapping[str, int]
    different: int
    """Partitions that differ in their state, data version or code version."""


@dataclass(frozen=True)
class Changed:
    """A partition whose admitted content differs, or that is admitted in one store alone.

    Attributes:
        table: which table.
        partition: which of its partitions; None for a table without.
        first: rows of the first store, as its ledger says; None where it is not admitted there.
        second: rows of the second store.
    """

    table: Table
    partition: Partition | None
    first: int | None
    second: int | None


@dataclass(frozen=True)
class Comparison:
    """What two stores have, and what they have differently."""

    layers: tuple[Layer, ...]
    differences: tuple[Difference, ...]
    changed: tuple[Changed, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def holds_a_store(store: Store) -> bool:
    """Return whether anything was ever entered into a store's ledger."""
    return store.tables.exists(CHECK_RESULTS)


def compare(first: Store, second: Store) -> Comparison:
    """Compare two stores by their ledgers, releases and deliveries; no rows of other tables are read.

    Moments, run ids and the content of logs are no differences: two deployments that did the same work at
    different times are equal.
    """
    ledgers = LedgerSnapshot.read(first.tables), LedgerSnapshot.read(second.tables)
    layers, differences, changed = [], [], []
    for table in TABLES.values():
        sides = tuple(ledger.states(table) for ledger in ledgers)
        if all(side.is_empty() for side in sides):
            continue
        pairs = _different(table, *sides)
        layers.append(Layer(table.name, _counts(sides[0]), _counts(sides[1]), pairs.height))
        for row in pairs.iter_rows(named=True):
            partition = Partition(row["date"], row["source"]) if table.partitioned else None
            part = partition.key if partition else None
            differences += [
                Difference(table.name, part, what, row[what], row[f"{what}_right"])
                for what in ("state", "data_version", "code_version")
                if row[f"{what}_differs"]
            ]
            if row["content_differs"]:
                changed.append(Changed(table, partition, row["admitted_rows"], row["admitted_rows_right"]))
    differences += _of_releases(first, second) + _of_sinks(first, second)
    return Comparison(tuple(layers), tuple(differences), tuple(changed))


def _described(states: pl.DataFrame) -> pl.DataFrame:
    failed = pl.concat_str(pl.lit("failed: "), pl.col("failed").list.join(", "))
    state = (
        pl.when("admitted")
        .then(pl.lit("admitted"))
        .when(pl.col("failed").list.len() > 0)
        .then(failed)
        .otherwise(pl.lit("not checked"))
    )
    return states.select(
        *_KEYS,
        state.alias("state"),
        "data_version",
        "code_version",
        admitted_version=pl.when("admitted").then("data_version"),
        admitted_rows=pl.when("admitted").then("rows"),
    )


def _different(table: Table, first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the partitions that differ: values of both sides, and what of them differs."""
    both = _described(first).join(
        _described(second), on=_KEYS, how="full", coalesce=True, nulls_equal=True
    ).sort(_KEYS)  # fmt: skip
    state = [pl.col(name).fill_null(ABSENT) for name in ("state", "state_right")]
    # what lies in one store alone is told by its state; what is not admitted has no version that counts
    in_both = pl.col("state").is_not_null() & pl.col("state_right").is_not_null()
    admitted_in_both = pl.all_horizontal(
        pl.col(name).is_not_null() for name in ("admitted_version", "admitted_version_right")
    )
    # the rows of a log tell when and how often, and sinks are compared one by one
    has_content = pl.lit(not table.is_log and table is not DELIVERY)
    content = pl.col("admitted_version").ne_missing(pl.col("admitted_version_right")) & has_content
    differs = both.with_columns(
        *state,
        state_differs=state[0] != state[1],
        data_version_differs=content & admitted_in_both,
        code_version_differs=in_both & pl.col("code_version").ne_missing(pl.col("code_version_right")),
        content_differs=content,
    )
    return differs.filter(pl.any_horizontal("state_differs", "data_version_differs", "code_version_differs"))


def _counts(states: pl.DataFrame) -> dict[str, int]:
    """Return numbers of partitions: admitted, failed, unchecked."""
    failed = states.filter(pl.col("failed").list.len() > 0).height
    admitted = states.filter("admitted").height
    return {"admitted": admitted, "failed": failed, "unchecked": states.height - admitted - failed}


def _of_releases(first: Store, second: Store) -> list[Difference]:
    """Compare the pairs of index and model in use; their numbers tell how often, and not what."""
    one, other = (
        {} if release is None else {name: getattr(release, name) for name in _OF_RELEASE}
        for release in (admitted_release(first), admitted_release(second))
    )
    if bool(one) != bool(other):
        return [Difference(RELEASE.name, None, "in_use", *("yes" if side else "no" for side in (one, other)))]
    return _of_values(RELEASE, None, one, other, _OF_RELEASE)


def _of_sinks(first: Store, second: Store) -> list[Difference]:
    one, other = (
        {row["sink"]: row for row in store.tables.read(DELIVERY).iter_rows(named=True)}
        for store in (first, second)
    )
    differences = []
    for sink in sorted(one.keys() | other.keys()):
        if sink in one and sink in other:
            differences += _of_values(DELIVERY, sink, one[sink], other[sink], _OF_SINK)
        else:
            states = (side[sink]["state"] if sink in side else ABSENT for side in (one, other))
            differences.append(Difference(DELIVERY.name, sink, "state", *states))
    return differences


def _of_values(
    table: Table, part: str | None, first: _Values, second: _Values, names: tuple[str, ...]
) -> list[Difference]:
    return [
        Difference(table.name, part, name, first.get(name), second.get(name))
        for name in names
        if first.get(name) != second.get(name)
    ]
