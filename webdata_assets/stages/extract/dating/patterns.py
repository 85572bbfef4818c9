"""How dates are written: one pattern for all forms, and the date that a match means.

What belongs here: forms of a day with month and year. What does not: times of day and zones (dates.py), and
which of a page's dates is meant.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from webdata_assets.stages.extract.dating.months import month_number

_YEAR = r"(?:1[89]|20)\d\d"
_NAME = r"[^\W\d_]{3,14}"
_ORDINAL = r"(?:st|nd|rd|th|er|\.|[ºª°])?"
_FORMS = (
    # 2026-06-01, 2026/6/1, 2026. 06. 01.
    rf"(?<![\d.,])(?P<y1>{_YEAR})(?P<mark1>[-/.])\s?(?P<m1>\d{{1,2}})(?P=mark1)\s?(?P<d1>\d{{1,2}})(?!\d)",
    # 2026年6月1日, 2026년 6월 1일
    rf"(?<!\d)(?P<y2>{_YEAR})\s?[年년]\s*(?P<m2>\d{{1,2}})\s?[月월]\s*(?P<d2>\d{{1,2}})\s?[日일号]",
    # 1 June 2026, 1. Juni 2026, 1er juin 2026, 1 de junio de 2026, 01-Jun-2026, 1st of June, 2026
    (
        rf"(?<!\d)(?P<d3>\d{{1,2}}){_ORDINAL}[\s/-]*(?:(?:of|del?)\s+|d['’]\s?)?(?P<m3>{_NAME})\.?,?(?:\s+(?:del?|of))?"
        rf"[\s/-]+(?P<y3>{_YEAR})(?!\d)"
    ),
    # June 1, 2026, Jun. 1st 2026, and `Mon Jun 1 10:20:30 CEST 2026`
    (
        rf"(?P<m4>{_NAME})\.?\s+(?P<d4>\d{{1,2}}){_ORDINAL}(?:,\s*|\s+)"
        rf"(?:\d\d:\d\d(?::\d\d)?\s+(?:[A-Z]{{3,4}}\s+)?)?(?P<y4>{_YEAR})(?!\d)"
    ),
    # 2026. június 1., 2026 June 1
    rf"(?<!\d)(?P<y5>{_YEAR})\.?[\s,-]+(?P<m5>{_NAME})\.?[\s-]+(?P<d5>\d{{1,2}})(?!\d)",
    # 1 tháng 6, 2026
    rf"(?<!\d)(?P<d6>\d{{1,2}})\s+tháng\s+(?P<m6>\d{{1,2}})(?:,|\s+năm)?\s+(?P<y6>{_YEAR})(?!\d)",
    # 01.06.2026, 1/6/2026
    rf"(?<![\d.,/])(?P<a7>\d{{1,2}})\s?(?P<mark7>[./-])\s?(?P<b7>\d{{1,2}})\s?(?P=mark7)\s?(?P<y7>{_YEAR})(?!\d)",
)
_SHORT_FORM = r"(?<![\d.,/:-])(?P<a8>\d{1,2})(?P<mark8>[./])(?P<b8>\d{1,2})(?P=mark8)(?P<y8>\d\d)(?![\d./:-])"

_REACH = 30
"""Characters of a date before or after its year, at most."""

_YEARS = re.compile(_YEAR)
_DATE = re.compile("|".join(_FORMS))
_DATE_OR_SHORT = re.compile("|".join((*_FORMS, _SHORT_FORM)))


@dataclass(frozen=True)
class WrittenDay:
    """A day as it stands in a text, from `start` to `end`; ambiguous when its month may come first."""

    start: int
    end: int
    date: dt.date
    is_ambiguous: bool


def days_in(text: str, *, month_first: bool = False, short_years: bool = False) -> Iterator[WrittenDay]:
    """Yield the days of a text that exist in the calendar, in the order in which they stand.

    Args:
        text: of any length when years are written in full, for dates are looked for around them; else short.
        month_first: whether 3/4/2026 with slashes is the fourth of March.
        short_years: whether 1.6.26 counts; in running text it may be anything.
    """
    at = 0
    if short_years:
        yield from _days(_DATE_OR_SHORT, text, 0, len(text), month_first)
        return
    for year in _YEARS.finditer(text):
        for day in _days(_DATE, text, max(at, year.start() - _REACH), year.end() + _REACH, month_first):
            yield day
            at = day.end


def _days(pattern: re.Pattern[str], text: str, at: int, end: int, month_first: bool) -> Iterator[WrittenDay]:
    while match := pattern.search(text, at, end):
        try:
            date = _date_of(match, month_first)
        except ValueError:
            date = None
        at = match.start() + 1 if date is None else match.end()
        if date is not None:
            yield _written(match, date)


def first_day(text: str, *, month_first: bool) -> WrittenDay:
    """Return what reads like the first date of a text.

    Raises:
        ValueError: there is none, or it does not exist in the calendar.
    """
    at = 0
    while match := _DATE.search(text, at):
        date = _date_of(match, month_first)
        if date is not None:
            return _written(match, date)
        at = match.start() + 1
    raise ValueError("no date with day, month and year")


def _date_of(match: re.Match[str], month_first: bool) -> dt.date | None:
    """Return the date that a match means, or None when its word is no month's name.

    Raises:
        ValueError: there is no such day.
    """
    form = (match.lastgroup or "")[-1]
    if form in "78":
        first, second = int(match["a" + form]), int(match["b" + form])
        swap = second > 12 or (month_first and match["mark" + form] == "/" and first <= 12)
        day, month = (second, first) if swap else (first, second)
        year = int(match["y" + form])
        return dt.date(year if year > 99 else _full_year(year), month, day)
    written = match["m" + form]
    number = int(written) if written.isdigit() else month_number(written)
    return None if number is None else dt.date(int(match["y" + form]), number, int(match["d" + form]))


def _written(match: re.Match[str], date: dt.date) -> WrittenDay:
    is_ambiguous = (match.lastgroup or "")[-1] in "78" and date.day <= 12
    return WrittenDay(match.start(), match.end(), date, is_ambiguous)


def _full_year(short: int) -> int:
    return short + (1900 if short >= 90 else 2000)
