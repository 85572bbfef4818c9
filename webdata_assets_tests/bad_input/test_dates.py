"""Dates that cannot be crawled: refused before anything is written, with what to do instead."""

import datetime as dt

import pytest

from webdata_assets_tests.bad_input.inspecting import write_source
from webdata_assets_tests.cli.calling import Webdata


@pytest.mark.parametrize(
    ("start", "date", "told"),
    [
        ("2026-06-01", "2026-05-31", ["begins on 2026-06-01", "change `start`"]),
        ("2026-06-01", "2026-06-02", ["shows only its present state", "replay", "as_of"]),
        ("2026-06-01", "tomorrow", ["in the future", "up to today"]),
    ],
    ids=["before the start", "past date of a live source", "tomorrow"],
)
def test_a_date_that_cannot_be_crawled_is_refused(
    webdata: Webdata, start: str, date: str, told: list[str]
) -> None:
    if date == "tomorrow":
        date = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
    write_source(webdata, "live", start=start)
    said = webdata("run", "--source", "live", "--date", date)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert f"source live cannot be crawled for {date}" in said.stderr
    for words in told:
        assert words in said.stderr
    assert not webdata.store.exists()


def test_a_past_date_is_refused_within_a_run_as_well(webdata: Webdata) -> None:
    """As the UI or a backfill would launch it: the command line's own question is not asked there."""
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.partitions import Partition
    from webdata_assets.settings import Settings

    write_source(webdata, "live")
    assert webdata("status").exit_code == 0  # sets the environment that Settings reads
    settings = Settings()
    with open_instance(settings) as instance:
        partition = Partition(dt.date(2026, 6, 2), "live")
        outcome = execute(build_defs(settings=settings), instance, "crawl", partition=partition)
    assert not outcome.success
    assert outcome.error_type == "PermanentError"
    assert "replay its stored pages" in (outcome.error or "")
    assert not (webdata.store / "tables").exists()
