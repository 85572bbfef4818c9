"""The benchmark of deliveries runs, and each contender delivers."""

import pytest

from webdata_assets_tests.benchmarks.deliver import measure


@pytest.mark.soak
def test_every_contender_delivers_a_small_state_three_times():
    rows = measure(200)
    assert [row["contender"] for row in rows] == [
        "ours, postgres", "dlt, postgres", "ours, duckdb", "dlt, duckdb",
    ]  # fmt: skip
    for row in rows:
        assert all(row[phase] > 0 for phase in ("first load", "2 % changed", "replay"))
