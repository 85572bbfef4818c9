import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.extract.dates import parse_moment, parse_written
from webdata_assets.stages.extract.dating.months import month_number
from webdata_assets.stages.extract.dating.patterns import days_in

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31))
ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


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
        ("2026년 6월 1일", "2026-06-01T00:00"),
        ("1 czerwca 2026", "2026-06-01T00:00"),
        ("1. června 2026", "2026-06-01T00:00"),
        ("1 июня 2026 г., 14:30", "2026-06-01T14:30"),
        ("1 червня 2026 р.", "2026-06-01T00:00"),
        ("1 Haziran 2026", "2026-06-01T00:00"),
        ("9 KASIM 2026", "2026-11-09T00:00"),
        ("1. kesäkuuta 2026", "2026-06-01T00:00"),
        ("2026. június 1.", "2026-06-01T00:00"),
        ("1 iunie 2026", "2026-06-01T00:00"),
        ("1 augusti 2026", "2026-08-01T00:00"),
        ("1. marts 2026", "2026-03-01T00:00"),
        ("1. desember 2026", "2026-12-01T00:00"),
        ("1. dezember 2026", "2026-12-01T00:00"),
        ("1 Ιουνίου 2026", "2026-06-01T00:00"),
        ("1 يونيو 2026", "2026-06-01T00:00"),
        ("1 d'abril de 2026", "2026-04-01T00:00"),
        ("1 tháng 6, 2026", "2026-06-01T00:00"),
        ("01-Jun-2026", "2026-06-01T00:00"),
        ("Mon Jun 01 10:20:30 CEST 2026", "2026-06-01T00:00"),
        ("12. 5. 2026", "2026-05-12T00:00"),
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


@given(DAYS)
def test_a_day_is_read_back_in_every_form(day: dt.date) -> None:
    name = ENGLISH[day.month - 1]
    for written in (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day} {name} {day.year}",
        f"{name} {day.day}, {day.year}",
        f"{day.year}年{day.month}月{day.day}日",
        f"posted: {day:%d %b %Y} by Ada",
    ):
        assert parse_written(written).date() == day


@given(DAYS, st.times(), st.integers(-14 * 60, 14 * 60))
def test_the_written_day_is_kept_and_the_moment_is_exact(day: dt.date, time: dt.time, minutes: int) -> None:
    written = dt.datetime.combine(day, time, dt.timezone(dt.timedelta(minutes=minutes)))
    assert parse_written(written.isoformat()).date() == written.date()
    assert parse_moment(written.isoformat()) == written


@given(st.text(alphabet="0123456789 ./-:,年月日TZMayJune", max_size=120), st.booleans(), st.booleans())
def test_every_day_of_a_text_stands_where_it_says(text: str, month_first: bool, short_years: bool) -> None:
    end = 0
    for day in days_in(text, month_first=month_first, short_years=short_years):
        assert end <= day.start < day.end <= len(text)
        end = day.end
        again = list(days_in(text[day.start : day.end], month_first=month_first, short_years=short_years))
        assert [found.date for found in again] == [day.date]


@given(st.text(max_size=250))
def test_any_text_is_a_date_or_an_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_moment(text).tzinfo is dt.UTC


def test_short_years_count_where_they_are_asked_for() -> None:
    assert [day.date for day in days_in("1.6.26", short_years=True)] == [dt.date(2026, 6, 1)]
    assert [day.date for day in days_in("1/6/95", short_years=True)] == [dt.date(1995, 6, 1)]
    assert list(days_in("1.6.26")) == []
    assert list(days_in("version 1.6.26.1, at 10.1.1.26", short_years=True)) == []


@pytest.mark.parametrize("name", ["maerz", "MÄRZ", "març", "Mayıs", "août", "Μαΐου", "мая", "žádný", "der"])
def test_months_are_compared_without_case_and_accents(name: str) -> None:
    expected = {"maerz": 3, "MÄRZ": 3, "març": 3, "Mayıs": 5, "août": 8, "Μαΐου": 5, "мая": 5}
    assert month_number(name) == expected.get(name)
