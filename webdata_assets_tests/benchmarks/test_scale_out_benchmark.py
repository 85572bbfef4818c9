"""The scale-out benchmark: what its table says."""

import pytest

from webdata_assets_tests.benchmarks.scale_out import DASK, PROCESSES, Figure, Way, measure, speed_table


def test_medians_efficiency_and_ratios_stand_side_by_side():
    figures = {
        ("extract", PROCESSES, 1): [Figure(10, 10), Figure(90, 10), Figure(10, 10)],
        ("extract", PROCESSES, 2): [Figure(5, 10)],
        ("extract", DASK, 1): [Figure(11, 12)],
        ("extract", DASK, 2): [Figure(6, 12)],
    }
    processes, dask = speed_table(figures, {"extract": 100})
    assert (processes["1 worker/s"], processes["2 workers/s"], processes["efficiency"]) == (10, 20, 1)
    assert dask["efficiency"] == pytest.approx(11 / 12)
    assert dask["wall × processes, 2"] == pytest.approx(1.2)
    assert dask["CPU × processes, 1"] == pytest.approx(1.2)


def test_ways_that_give_other_bytes_are_not_compared():
    ways = [Way("embed", PROCESSES, 1, lambda: b"a"), Way("embed", DASK, 1, lambda: b"b")]
    with pytest.raises(AssertionError, match="other bytes"):
        measure(ways, 1)
