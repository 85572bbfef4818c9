"""The benchmark of log growth runs, and a held table does not slow down with the commits that it follows."""

from webdata_assets_tests.benchmarks.log_growth import measure


def test_it_measures_every_latency():
    found = measure(5, writes=20)
    assert set(found) == {
        "partitions", "open", "read_one_fresh", "read_one_held", "ledger_states", "commit"
    }  # fmt: skip
    assert all(value > 0 for value in found.values())
