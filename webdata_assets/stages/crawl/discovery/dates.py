"""Dates as sitemaps write them: W3C's profile of ISO 8601, with the precision that they have.

What belongs here: one text → one moment. What does not: what is done with it (sitemap.py, discover.py).
"""

import datetime as dt
import functools
import re

_W3C = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_TICK = dt.timedelta(microseconds=1)


@functools.lru_cache(maxsize=4_096)
def end_of_stated(text: str) -> dt.datetime | None:
    """Return the last moment that a date of W3C's profile (https://www.w3.org/TR/NOTE-datetime) can mean.

    `2026-06-01` is the end of that day, `2026-06` that of the month. Without a zone it is UTC. None for a
    text that is no such date.
    """
    match = _W3C.fullmatch(text.strip())
    if match is None:
        return None
    part = match.groupdict()
    try:
        start = dt.datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            # leap seconds exist
            min(int(part["second"] or 0), 59),
            int((part["fraction"] or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(part["zone"]),
        )
        return _end(start, part).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _end(start: dt.datetime, part: dict[str, str | None]) -> dt.datetime:
    if part["month"] is None:
        return start.replace(year=start.year + 1) - _TICK
    if part["day"] is None:
        return (start + dt.timedelta(days=31)).replace(day=1) - _TICK
    if part["hour"] is None:
        return start + dt.timedelta(days=1) - _TICK
    if part["second"] is None:
        return start + dt.timedelta(minutes=1) - _TICK
    if part["fraction"] is None:
        return start + dt.timedelta(seconds=1) - _TICK
    return start


def _zone(text: str | None) -> dt.tzinfo:
    if text is None or text in "Zz":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))
