import datetime as dt

import pytest

from webdata_assets.stages.extract.dates import parse_moment


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-06-01", "2026-06-01T00:00"),
        ("20260601", "2026-06-01T00:00"),
        ("2026-06-01T10:20:30Z", "2026-06-01T10:20:30"),
        ("2026-06-01T10:20:30.123+02:00", "2026-06-01T08:20:30.123"),
        ("2026-06-01 10:20", "2026-06-01T10:20"),
        ("2026-06-01 10:20:30 +0200", "2026-06-01T08:20:30"),
        ("2026-06-01 10:00 PM", "2026-06-01T22:00"),
        ("2026/6/1", "2026-06-01T00:00"),
        ("Mon, 01 Jun 2026 10:20:30 GMT", "2026-06-01T10:20:30"),
        ("Mon, 01 Jun 2026 10:20:30 -0500", "2026-06-01T15:20:30"),
        ("June 1, 2026", "2026-06-01T00:00"),
        ("Published on June 1st, 2026 at 5:30 p.m. EDT", "2026-06-01T21:30"),
        ("1 June 2026, 12:05 am", "2026-06-01T00:05"),
        ("1. Juni 2026, 14:30 Uhr", "2026-06-01T14:30"),
        ("3. März 2026", "2026-03-03T00:00"),
        ("1er juin 2026", "2026-06-01T00:00"),
        ("12 août 2026 à 14h30", "2026-08-12T14:30"),
        ("1 de junio de 2026", "2026-06-01T00:00"),
        ("2026年6月1日", "2026-06-01T00:00"),
        ("01.06.2026", "2026-06-01T00:00"),
        ("13/06/2026", "2026-06-13T00:00"),
        ("06/13/2026", "2026-06-13T00:00"),
        ("03/04/2026", "2026-04-03T00:00"),
        ("1780308000", "2026-06-01T10:00"),
        (1780308000, "2026-06-01T10:00"),
        (1780308000000, "2026-06-01T10:00"),
    ],
)
def test_dates_are_read_as_pages_write_them(raw: object, moment: str) -> None:
    assert parse_moment(raw) == dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


def test_slashes_put_the_month_first_on_american_pages_only() -> None:
    assert parse_moment("03/04/2026", month_first=True).date() == dt.date(2026, 3, 4)
    assert parse_moment("03.04.2026", month_first=True).date() == dt.date(2026, 4, 3)
    assert parse_moment("13/04/2026", month_first=True).date() == dt.date(2026, 4, 13)


@pytest.mark.parametrize(
    "raw",
    [
        "", "yesterday", "June 2026", "2026", "31 June 2026", "2026-13-01", "45/45/2026", "12:30", True, None,
        [], -5, 1e20, float("nan"), "9999-12-31T23:59:59-10:00", "1 June 2026 10:00 XYZ", "1 June 2026 25:00",
        "1 June 2026 13:00 pm", "x" * 300,
    ],
)  # fmt: skip
def test_what_is_no_date_is_an_error_and_never_another_date(raw: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(raw)
