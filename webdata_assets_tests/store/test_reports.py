"""The files of daily reports: whole or not at all."""

import datetime as dt
from pathlib import Path

import pytest

from webdata_assets.store.location import Location
from webdata_assets.store.reports import read_report, write_report

DAY = dt.date(2026, 6, 1)


def test_a_report_is_stored_under_its_day_and_as_the_latest(tmp_path):
    location = Location(str(tmp_path))
    path = Path(write_report(location, DAY, b"<p>one</p>"))
    assert path == tmp_path / "reports" / "2026-06-01.html"
    assert path.with_name("latest.html").read_bytes() == read_report(location, DAY) == b"<p>one</p>"


def test_the_last_report_of_a_day_takes_the_place_of_the_first(tmp_path):
    location = Location(str(tmp_path))
    write_report(location, DAY, b"<p>one</p>")
    write_report(location, DAY, b"<p>two</p>")
    assert read_report(location, DAY) == b"<p>two</p>"
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "2026-06-01.html",
        "latest.html",
    ]


def test_a_day_without_a_report_has_none(tmp_path):
    assert read_report(Location(str(tmp_path)), DAY) is None


def test_a_write_that_fails_leaves_the_old_report_and_no_rest(tmp_path, monkeypatch):
    location = Location(str(tmp_path))
    write_report(location, DAY, b"<p>one</p>")

    def fail(*_arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(location, DAY, b"<p>two</p>")
    assert read_report(location, DAY) == b"<p>one</p>"
    assert len(list((tmp_path / "reports").iterdir())) == 2
