"""Formulas of features: nothing from the future, and numbers distributed like those of the last 30 days."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.features import FEATURE_COLUMNS, FEATURES
from webdata_assets.store import Store
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.store.rows import DAY, SHOP, admit, digest, frame, put, row

MIDNIGHT = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)


def features(
    seed: int, count: int, partition: Partition, *, shifted: float = 0.0, shift: float = 3.0
) -> pl.DataFrame:
    """Return rows of features drawn from one distribution, a share of whose columns is shifted."""
    random = np.random.default_rng(seed)
    rows = [
        row("features", partition, computed_for=MIDNIGHT, record_id=digest(f"{seed} {number}")[:32])
        for number in range(count)
    ]
    moved = round(shifted * len(FEATURE_COLUMNS))
    dtypes = FEATURES.polars_schema
    values = {
        name: pl.Series(random.gamma(4, 5, count) * (shift if place < moved else 1.0))
        for place, name in enumerate(FEATURE_COLUMNS)
    }
    return frame("features", *rows).with_columns(
        (series > 20).alias(name) if dtypes[name] == pl.Boolean else series.cast(dtypes[name]).alias(name)
        for name, series in values.items()
    )


def put_history(store: Store, days: int, count: int = 60, before: dt.date = DAY) -> None:
    for ago in range(1, days + 1):
        partition = Partition(before - dt.timedelta(days=ago), "shop")
        put(store, "features", features(ago, count, partition), partition)
        admit(store, "features", partition)


def put_today(store: Store, count: int = 100, shifted: float = 0.0, **values: float) -> None:
    put(store, "features", features(1_000, count, SHOP, shifted=shifted, **values))


def test_features_of_the_dates_end_are_not_of_the_future(store: Store):
    put(store, "changes", frame("changes", row("changes")))
    put(store, "features", frame("features", row("features", computed_for=MIDNIGHT)))
    assert numbers(judge(store, "features", "no_future")) == (True, 0, 0)


def test_rows_computed_for_later_and_histories_that_know_the_future_are_counted(store: Store):
    later = DAY + dt.timedelta(days=1)
    changes = [row("changes", first_date=later), row("changes", number=1, previous_date=later), row(
        "changes", number=2, previous_date=DAY - dt.timedelta(days=1))]  # fmt: skip
    put(store, "changes", frame("changes", *changes))
    put(store, "features", frame("features", row("features", computed_for=MIDNIGHT + dt.timedelta(hours=1))))
    finding = judge(store, "features", "no_future")
    assert numbers(finding) == (False, 3, 0)
    assert finding.detail == "1 rows computed for later, 2 records with a later version in their history"


def test_readability_has_a_range_as_every_feature_has(store: Store):
    put(store, "features", frame("features", row("features", flesch_reading_ease=207.0)))
    assert judge(store, "features", "schema").detail == "flesch_reading_ease|max: 1 rows"
    put(store, "features", frame("features", row("features", flesch_kincaid_grade=-16.0)))
    assert judge(store, "features", "schema").detail == "flesch_kincaid_grade|min: 1 rows"


def test_features_like_those_of_the_last_days_pass(store: Store):
    put_history(store, 7)
    put_today(store)
    finding = judge(store, "features", "drift")
    assert finding.passed
    assert finding.value is not None
    assert finding.value < 0.2
    assert (finding.threshold, finding.origin) == (0.5, "default")
    assert finding.metrics["reference_rows"] == 420
    assert finding.metrics["reference_partitions"] == 7


def test_a_record_counts_once_however_many_days_hold_it(store: Store):
    for ago in range(1, 8):
        partition = Partition(DAY - dt.timedelta(days=ago), "shop")
        put(store, "features", features(1_000, 100, partition, shifted=1.0 if ago > 1 else 0.0), partition)
        admit(store, "features", partition)
    put_today(store)
    finding = judge(store, "features", "drift")
    assert (finding.passed, finding.value, finding.metrics["reference_rows"]) == (True, 0, 100)


def test_half_of_the_columns_adrift_blocks_and_names_the_worst(store: Store):
    put_history(store, 7)
    put_today(store, shifted=0.6)
    finding = judge(store, "features", "drift")
    assert (finding.passed, finding.only_warns, finding.threshold) == (False, False, 0.5)
    assert finding.value == pytest.approx(0.6, abs=0.1)
    assert finding.metrics["psi_drifted_share"] == pytest.approx(0.6, abs=0.1)
    assert (finding.detail or "").startswith(f"of {len(FEATURE_COLUMNS)} columns: ")
    worst = [name for name in finding.metrics if name.startswith(("ks_", "wasserstein_", "chi_square_"))]
    assert 1 <= len(worst) <= 5


def test_a_third_of_the_columns_adrift_warns(store: Store):
    put_history(store, 7)
    put_today(store, shifted=0.33)
    finding = judge(store, "features", "drift")
    assert (finding.passed, finding.only_warns, finding.threshold) == (False, True, 0.25)


def test_a_short_history_only_warns(store: Store):
    put_history(store, 6)
    put_today(store, shifted=0.9)
    finding = judge(store, "features", "drift")
    assert (finding.passed, finding.only_warns) == (False, True)


@pytest.mark.parametrize(("days", "count"), [(0, 100), (7, 29)])
def test_few_rows_on_a_side_are_not_judged(store: Store, days: int, count: int):
    put_history(store, days)
    put_today(store, count=count, shifted=0.9)
    finding = judge(store, "features", "drift")
    assert (finding.passed, finding.value) == (True, None)
    assert (finding.detail or "").endswith("too few to judge")


def test_the_source_file_sets_both_limits_and_the_first_date(store: Store):
    put_history(store, 7)
    put_today(store, shifted=0.33)
    own = source({"drifted_features": 0.9, "drifted_features_warning": 0.8, "history_since": "2026-05-28"})
    finding = judge(store, "features", "drift", declared=own)
    assert (finding.passed, finding.threshold, finding.origin) == (True, 0.9, "source file")
    assert finding.metrics["reference_partitions"] == 4
    fails, warns = limits(store, "features", "drift", declared=own)
    assert (fails.value, fails.key, fails.points, fails.only_warns) == (
        0.9,
        "expect.drifted_features",
        4,
        True,
    )
    assert (warns.value, warns.of, warns.only_warns) == (0.8, "warns", True)


def test_what_is_older_than_30_days_or_not_admitted_is_no_reference(store: Store):
    put_history(store, 7, before=DAY - dt.timedelta(days=30))
    yesterday = Partition(DAY - dt.timedelta(days=1), "shop")
    put(store, "features", features(1, 60, yesterday), yesterday)
    put_today(store)
    assert judge(store, "features", "drift").metrics["reference_rows"] == 0


def test_many_rows_are_compared_by_distance(store: Store):
    put_history(store, 7, count=200)
    put_today(store, count=1_100, shifted=0.6, shift=1.5)
    finding = judge(store, "features", "drift")
    assert not finding.passed
    assert any(name.startswith("wasserstein_") for name in finding.metrics)
