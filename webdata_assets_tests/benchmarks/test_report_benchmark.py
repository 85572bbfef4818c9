"""The daily report stays small and quick at 50 sources × 90 days."""

import pytest

from webdata_assets_tests.benchmarks.report import MAX_BYTES, MAX_SECONDS, filled, measure


@pytest.mark.parametrize(
    ("sources", "days", "share"),
    # a page grows with the number of cells, but for its frame
    [(20, 30, 0.2), pytest.param(50, 90, 1, marks=pytest.mark.soak)],
)
def test_a_report_of_many_sources_and_days_is_small_and_quick(sources, days, share, tmp_path):
    row = measure(filled(str(tmp_path), sources, days), sources)[-1]
    assert row["bytes"] < MAX_BYTES * share
    # the wall is what is promised; on a machine that others use, only the processor's time is ours
    assert row["CPU s"] < MAX_SECONDS
