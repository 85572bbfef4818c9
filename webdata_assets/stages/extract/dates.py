"""Dates as pages write them → moments.

What belongs here: parsing one written date with its time and zone. What does not: the forms of its day
(dating/patterns.py), and finding it on a page (published.py).
"""

import datetime as dt
import re

from webdata_assets.stages.extract.dating.patterns import first_day

_MAX_CHARACTERS = 200
_MAX_EPOCH_SECONDS = 1e11
"""Larger epoch numbers count milliseconds; as seconds this would be the year 5138."""

_ZONE_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "EST": -5, "EDT": -4,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_EPOCH = re.compile(r"\d{10}|\d{13}")
_ISO_START = re.compile(r"\d{4}-?\d{2}-?\d{2}(?!\d)")
_TIME = re.compile(
    r"(?<!\d)(?P<h>\d{1,2})[:h](?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\b\.?)?"
    r"\s*\(?(?P<zone>Z\b|[A-Z]{3,4}\b)?\s*(?P<offset>[+-]\d{2}:?\d{2}(?!\d))?"
)


def parse_moment(raw: object, *, month_first: bool = False) -> dt.datetime:
    """Return the moment that a written date means, in UTC; see `parse_written`.

    Raises:
        ValueError: it is no date with day, month and year, or not one that exists.
    """
    try:
        return parse_written(raw, month_first=month_first).astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def parse_written(raw: object, *, month_first: bool = False) -> dt.datetime:
    """Return the moment that a written date means, in the zone in which it is written: its day is the page's.

    ISO 8601 comes first; then epoch seconds or milliseconds, RFC 2822, dates with the names of months in most
    European languages and Arabic, the East Asian forms, and numeric dates. What has no zone is taken as UTC,
    what has no time as midnight. Relative dates (`3 days ago`) are no dates: they depend on when they are
    read.

    Args:
        raw: a string, a number (epoch), or a date.
        month_first: whether 3/4/2026 with slashes is the fourth of March. Dots and hyphens put days first.

    Raises:
        ValueError: it is no date with day, month and year, or not one that exists.
    """
    if isinstance(raw, dt.datetime):
        return _with_zone(raw)
    if isinstance(raw, dt.date):
        return dt.datetime(raw.year, raw.month, raw.day, tzinfo=dt.UTC)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _from_epoch(raw)
    if not isinstance(raw, str):
        raise ValueError("not a date")
    text = " ".join(raw.split())
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("too long for a date")
    if _EPOCH.fullmatch(text):
        return _from_epoch(int(text))
    if _ISO_START.match(text):
        try:
            return _with_zone(dt.datetime.fromisoformat(text))
        except ValueError:
            pass  # an ISO date with a time that is not, such as `2026-06-01 10:00 PM`
    day = first_day(text, month_first=month_first)
    rest = text[: day.start] + " " + text[day.end :].removeprefix("T")
    return _at_time(day.date, rest)


def _at_time(date: dt.date, rest: str) -> dt.datetime:
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
    match = _TIME.search(rest)
    if match is None:
        return midnight
    hour = int(match["h"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"no such hour: {match[0].strip()}")
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    zone = _zone(match["zone"], match["offset"])
    return midnight.replace(hour=hour, minute=int(match["min"]), second=int(match["s"] or 0), tzinfo=zone)


def _zone(name: str | None, offset: str | None) -> dt.timezone:
    if offset:
        digits = offset[1:].replace(":", "")
        distance = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return dt.timezone(-distance if offset[0] == "-" else distance)
    if name is None:
        return dt.UTC
    if name not in _ZONE_HOURS:
        raise ValueError(f"unknown time zone {name}")
    return dt.timezone(dt.timedelta(hours=_ZONE_HOURS[name]))


def _from_epoch(number: float) -> dt.datetime:
    if not 0 <= number < _MAX_EPOCH_SECONDS * 1_000:
        raise ValueError("not a moment since 1970")
    seconds = number / 1_000 if number >= _MAX_EPOCH_SECONDS else number
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _with_zone(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
