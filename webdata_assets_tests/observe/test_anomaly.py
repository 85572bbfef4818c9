"""Bands of daily series."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.observe.anomaly import (
    band,
    bands,
    baseline,
    counting_noise,
    size_noise,
    state_of,
    training_days,
)

DAY = dt.date(2026, 6, 20)
NUMBERS = st.floats(0, 1e6)
SERIES = st.dictionaries(st.dates(DAY - dt.timedelta(days=20), DAY + dt.timedelta(days=5)), NUMBERS)


def before(*numbers, end=DAY):
    """Return a series of consecutive days that ends the day before `end`."""
    return {end - dt.timedelta(days=len(numbers) - place): number for place, number in enumerate(numbers)}


def test_a_baseline_is_of_the_fourteen_days_before_without_the_newest():
    assert baseline(before(*range(30)), DAY) == list(range(16, 29))


def test_a_baseline_starts_anew_where_the_site_changed_for_good():
    assert baseline(before(1, 2, 3, 4), DAY, since=DAY - dt.timedelta(days=3)) == [2, 3]


@pytest.mark.parametrize(
    ("points", "state"),
    [(0, "nothing to compare"), (2, "nothing to compare"), (3, "warns"), (6, "warns"), (7, "blocks")],
)
def test_what_a_comparison_can_do_follows_from_its_points(points, state):
    assert state_of(points) == state
    found = band(before(*[10.0] * points, 10.0), DAY, noise=counting_noise)
    assert (found.state if found else "nothing to compare") == state


def test_a_band_is_the_mean_and_three_sample_standard_deviations():
    found = band(before(80, 100, 120, 999), DAY, noise=counting_noise)
    assert (found.mean, found.sigma, found.points) == (100, 20, 3)
    assert (found.low, found.high) == (40, 160)
    assert [found.z(value) for value in (100, 160, 20)] == [0, 3, -4]
    assert [found.holds(value) for value in (39.9, 40, 160, 160.1)] == [False, True, True, False]
    assert (found.nearer_edge(90), found.nearer_edge(110)) == (40, 160)


def test_a_constant_series_is_believed_to_have_the_noise_of_its_kind():
    counts = band(before(*[100.0] * 9), DAY, noise=counting_noise)
    sizes = band(before(*[1_000.0] * 9), DAY, noise=size_noise)
    assert (counts.low, counts.high) == (70, 130)
    assert (sizes.low, sizes.high) == (850, 1_150)


def test_steady_growth_stays_within_its_band():
    growing = {DAY + dt.timedelta(days=day): 1_000.0 + 100 * day for day in range(40)}
    found = bands(growing, noise=counting_noise)
    assert len(found) == 40 - 4
    assert all(found[date].holds(growing[date]) for date in found)


def test_the_second_day_of_a_collapse_is_still_told():
    series = before(*[100.0] * 10, 10.0)
    assert not band(series, DAY, noise=counting_noise).holds(10)


def test_a_weekly_source_is_compared_with_fourteen_weeks():
    assert [training_days(hours) for hours in (1, 24, 36, 168)] == [14, 14, 21, 98]


@given(SERIES, NUMBERS)
def test_a_band_always_holds_its_mean_and_never_a_negative_number(series, value):
    for found in bands(series, noise=counting_noise).values():
        assert found.holds(found.mean) or math.isclose(found.mean, found.low)
        assert 0 <= found.low <= found.high
        assert found.sigma >= 1
        assert not found.holds(-0.1)


@given(SERIES, NUMBERS, NUMBERS)
def test_the_date_itself_and_what_comes_later_change_nothing(series, today, later):
    changed = series | {DAY: today, DAY + dt.timedelta(days=2): later}
    assert band(changed, DAY, noise=size_noise) == band(series, DAY, noise=size_noise)


@given(SERIES, NUMBERS, st.floats(0.5, 6))
def test_a_number_is_within_the_band_exactly_when_its_z_score_is(series, value, deviation):
    found = band(series, DAY, noise=counting_noise, deviation=deviation)
    if found is None or abs(abs(found.z(value)) - deviation) < 1e-9:
        return
    assert found.holds(value) == (abs(found.z(value)) <= deviation)


@given(st.lists(NUMBERS, min_size=4, max_size=14), st.floats(0, 1_000))
def test_moving_a_whole_series_moves_its_mean_alone(numbers, step):
    def moved(by):
        return band(before(*(number + by for number in numbers)), DAY, noise=lambda _mean: 1.0)

    assert math.isclose(moved(step).mean, moved(0).mean + step, rel_tol=1e-9, abs_tol=1e-6)
    assert math.isclose(moved(step).sigma, moved(0).sigma, rel_tol=1e-6, abs_tol=1e-4)
