"""Dates as pages write them → moments in UTC.

What belongs here: parsing one written date. What does not: finding it on a page (content.py).
"""

import datetime as dt
import re
import unicodedata

_MAX_CHARACTERS = 200
_MAX_EPOCH_SECONDS = 1e11
"""Larger epoch numbers count milliseconds; as seconds this would be the year 5138."""

_MONTH_NAMES = (
    "january januar januari janvier enero gennaio janeiro jan janv ene gen jaen",
    "february februar februari fevrier febrero febbraio fevereiro feb fev fevr febr",
    "march marz maerz mars marzo marco maart mar mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio maio mei maj mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august aout agosto augustus augusti aug ago",
    "september septembre septiembre settembre setembro sep sept set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember decembre diciembre dicembre dezembro dec dez dic",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_ZONE_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "EST": -5, "EDT": -4,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip

_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:(?:of|de)\s+)?{_MONTH},?(?:\s+de)?[\s-]+(?P<y>\d{{4}})(?!\d)",
        rf"{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+)(?P<y>\d{{4}})(?!\d)",
        r"(?<!\d)(?P<y>\d{4})年\s*(?P<m>\d{1,2})月\s*(?P<d>\d{1,2})日",
    )
)
_NUMERIC = re.compile(
    r"(?<![\d.])(?P<a>\d{1,2})(?P<mark>[./-])\s?(?P<b>\d{1,2})(?P=mark)\s?(?P<y>\d{4})(?!\d)"
)
_TIME = re.compile(
    r"(?<!\d)(?P<h>\d{1,2})[:h](?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\b\.?)?"
    r"\s*\(?(?P<zone>Z\b|[A-Z]{3,4}\b)?\s*(?P<offset>[+-]\d{2}:?\d{2}(?!\d))?"
)


def parse_moment(raw: object, *, month_first: bool = False) -> dt.datetime:
    """Return the moment that a written date means, in UTC.

    ISO 8601 comes first; then epoch seconds or milliseconds, RFC 2822, dates with month names in eight
    European languages, and numeric dates. What has no zone is taken as UTC, what has no time as midnight.

    Args:
        raw: a string, a number (epoch), or a date.
        month_first: whether 3/4/2026 with slashes is the fourth of March. Dots and hyphens put days first.

    Raises:
        ValueError: it is no date with day, month and year, or not one that exists.
    """
    try:
        return _parse(raw, month_first).astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def _parse(raw: object, month_first: bool) -> dt.datetime:
    if isinstance(raw, dt.datetime):
        return _in_utc(raw)
    if isinstance(raw, dt.date):
        return dt.datetime(raw.year, raw.month, raw.day, tzinfo=dt.UTC)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _from_epoch(raw)
    if not isinstance(raw, str):
        raise ValueError("not a date")
    text = " ".join(raw.split())
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("too long for a date")
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return _from_epoch(int(text))
    if re.match(r"\d{4}-?\d{2}-?\d{2}(?!\d)", text):
        try:
            return _in_utc(dt.datetime.fromisoformat(text))
        except ValueError:
            pass  # an ISO date with a time that is not, such as `2026-06-01 10:00 PM`
    date, rest = _find_date(text, month_first)
    return _with_time(date, rest)


def _find_date(text: str, month_first: bool) -> tuple[dt.date, str]:
    """Return the first date in the text, and what is left of the text."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            month = _month(groups["month"]) if "month" in groups else int(groups["m"])
            if month is not None:
                date = dt.date(int(groups["y"]), month, int(groups["d"]))
                return date, text[: match.start()] + " " + text[match.end() :].removeprefix("T")
    if numeric := _NUMERIC.search(text):
        first, second = int(numeric["a"]), int(numeric["b"])
        swap = second > 12 or (month_first and numeric["mark"] == "/" and first <= 12)
        day, month = (second, first) if swap else (first, second)
        return dt.date(int(numeric["y"]), month, day), text[: numeric.start()] + " " + text[numeric.end() :]
    raise ValueError("no date with day, month and year")


def _month(name: str) -> int | None:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return _MONTHS.get(plain)


def _with_time(date: dt.date, rest: str) -> dt.datetime:
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
    match = _TIME.search(rest)
    if match is None:
        return midnight
    hour = int(match["h"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"no such hour: {match[0].strip()}")
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    moment = midnight.replace(hour=hour, minute=int(match["min"]), second=int(match["s"] or 0))
    return moment - _offset(match["zone"], match["offset"])


def _offset(zone: str | None, offset: str | None) -> dt.timedelta:
    if offset:
        digits = offset[1:].replace(":", "")
        distance = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return -distance if offset[0] == "-" else distance
    if zone is None:
        return dt.timedelta()
    if zone not in _ZONE_HOURS:
        raise ValueError(f"unknown time zone {zone}")
    return dt.timedelta(hours=_ZONE_HOURS[zone])


def _from_epoch(number: float) -> dt.datetime:
    if not 0 <= number < _MAX_EPOCH_SECONDS * 1_000:
        raise ValueError("not a moment since 1970")
    seconds = number / 1_000 if number >= _MAX_EPOCH_SECONDS else number
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _in_utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
