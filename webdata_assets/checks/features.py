"""Checks of features: one row per record, nothing from the future, and numbers like those of late."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.history import BLOCKING_POINTS
from webdata_assets.checks.limits import Limit, expected
from webdata_assets.checks.reference_window import REFERENCE_DAYS, ReferenceWindow
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.changes import CHANGES
from webdata_assets.schemas.features import FEATURE_COLUMNS, FEATURES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.observe.drift import ColumnDrift, column_drifts, drifted_share

MAX_ROWS = 5_000
"""Of each side that are compared; of more, those with the smallest record ids, which are hashes."""
_SHOWN = 5


def same_records(subject: Subject) -> Finding:
    """Every record has its features, and no other has.

    Formula: records without features + features of unknown records = 0.
    Severity: blocks.
    Source: double-entry accounting of each step's rows; no threshold to choose.
    """
    return compare_records(
        set(subject.rows_of(RECORDS, columns=["record_id"])["record_id"]), set(subject.rows["record_id"])
    )


def compare_records(wanted: set[str], found: set[str]) -> Finding:
    """Count records without a row and rows without a record."""
    missing, unknown = len(wanted - found), len(found - wanted)
    detail = (
        f"{missing} records without a row, {unknown} rows without a record" if missing + unknown else None
    )
    return Finding(missing + unknown == 0, value=missing + unknown, threshold=0, detail=detail)


def no_future(subject: Subject) -> Finding:
    """A feature uses nothing that was not known at the end of its partition's date.

    Formula: rows computed for a moment after the end of the date + records whose history, in `changes`, names
    a version of that date's future = 0.
    Severity: blocks.
    Source: the point-in-time correct joins of feature stores, such as Feast's.
    """
    end = dt.datetime.combine(subject.date, dt.time(), dt.UTC) + dt.timedelta(days=1)
    rows = subject.rows.filter(pl.col("computed_for") > end).height
    known = subject.rows_of(CHANGES, columns=["first_date", "previous_date"])
    history = known.filter(pl.any_horizontal(pl.all() > subject.date)).height
    detail = f"{rows} rows computed for later, {history} records with a later version in their history"
    return Finding(
        rows + history == 0, value=rows + history, threshold=0, detail=detail if rows + history else None
    )


def drift_limits(subject: Subject) -> Sequence[Limit]:
    """Return the shares from which on drift fails and warns; with a short history it never fails."""
    expect, points = subject.declared.expect, len(ReferenceWindow.of(subject, FEATURES).dates)
    return (
        expected(
            expect, "drifted_features", sense="<", of="fails", only_warns=points < BLOCKING_POINTS,
            points=points,
        ),
        expected(
            expect, "drifted_features_warning", sense="<", of="warns", only_warns=True, points=points
        ),
    )  # fmt: skip


def drift(subject: Subject) -> Finding:
    """The partition's features are distributed like those of the last 30 days.

    Formula: drifted columns / columns that a model takes, against the admitted partitions of the source in
    the last 30 days, of which a record counts once, by its newest row. Up to 1,000 rows on the smaller side a
    column drifted at p < 0.05, by Kolmogorov and Smirnov for numbers and χ² for flags and numbers of few
    values; above, at a distance of 0.1: Wasserstein in standard deviations of the reference, or
    Jensen-Shannon. Of fewer than 30 rows on a side nothing is said. The population stability index (≥ 0.1)
    stands beside.
    Default: warns from 25 % on, fails from 50 % on; by chance one column of twenty drifts at p < 0.05.
    Severity: blocks, and only warns below the second limit, or with fewer than 7 earlier partitions.
    Source: the default choice of tests and the share of drifted columns of Evidently.
    """
    fails, warns = drift_limits(subject)
    assert fails.value is not None
    assert warns.value is not None
    window = ReferenceWindow.of(subject, FEATURES)
    columns = ["record_id", "date", *FEATURE_COLUMNS]
    reference, current = (
        # the rows of thirty days are not thirty times as many samples
        rows.sort("record_id", "date").unique("record_id", keep="last", maintain_order=True).head(MAX_ROWS)
        .collect()
        for rows in (window.scan(columns), subject.rows.lazy().select(columns))
    )  # fmt: skip
    metrics = {"reference_rows": float(reference.height), "reference_partitions": float(len(window.dates))}
    drifts = column_drifts(reference, current, FEATURE_COLUMNS)
    if not drifts:
        few = f"{current.height} rows against {reference.height}: too few to judge"
        return Finding(True, threshold=fails.value, origin=fails.origin, detail=few, metrics=metrics)
    share = drifted_share(drifts)
    failed = share >= fails.value
    exceeded = fails if failed else warns if share >= warns.value else None
    limit = exceeded or fails
    worst = _worst(drifts)
    return Finding(
        passed=exceeded is None,
        value=share,
        threshold=limit.value,
        origin=limit.origin,
        detail=f"of {len(drifts)} columns: {', '.join(map(str, worst))}" if worst else None,
        metrics={
            **metrics,
            "psi_drifted_share": sum(each.psi_drifted for each in drifts) / len(drifts),
            **{f"psi_{each.name}": each.psi for each in worst},
            **{f"{each.method}_{each.name}": each.score for each in worst},
        },
        only_warns=exceeded is not None and exceeded.only_warns,
    )


def _worst(drifts: Sequence[ColumnDrift]) -> list[ColumnDrift]:
    drifted = [each for each in drifts if each.drifted]
    return sorted(drifted, key=lambda each: (-each.excess, -each.psi, each.name))[:_SHOWN]


CHECKS = (
    schema_check(FEATURES),
    unique_keys_check(FEATURES),
    Check("reconciliation", FEATURES, "Records without features + unknown ones = 0.", same_records),
    Check(
        "no_future", FEATURES, "Rows, and versions in their history, from after the end of the date = 0.",
        no_future,
    ),
    Check(
        "drift", FEATURES, f"Drifted columns / columns < expect.drifted_features, against the last "
        f"{REFERENCE_DAYS} days.", drift, drift_limits,
    ),
)  # fmt: skip
