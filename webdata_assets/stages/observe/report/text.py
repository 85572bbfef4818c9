"""How values are written in the report: short, aligned, and harmless whatever they hold.

What belongs here: values → text. What does not: markup; the templates escape everything they print.
"""

import datetime as dt
import math

from markupsafe import Markup

from webdata_assets.stages.clean.normalise import clean_body

MAX_CHARACTERS = 280
"""Of any one text that data gave."""
NOTHING = "–"
_READ_CHARACTERS = 4 * MAX_CHARACTERS
"""Of a long text that are looked at: a page may have given 100 kB of it."""


def shown(value: object) -> object:
    """Return what a template prints for a value: cleaned and cut text; markup of templates stays.

    Control and bidirectional characters are taken out, so that no text disguises what stands beside it.
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        return NOTHING
    given = str(value)[:_READ_CHARACTERS]
    text = " ".join(clean_body(given).split())
    if len(text) > MAX_CHARACTERS:
        return f"{text[: MAX_CHARACTERS - 1]}…"
    # of the space around, one stays: prose goes on behind a code
    return f"{' ' * given.startswith(' ')}{text}{' ' * given.endswith(' ')}" if text else ""


def number(value: float | None) -> str:
    """Return a number: whole ones with thousands parted, others with three significant digits."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def whole(value: float) -> str:
    """Return a count, or the edge of one, with thousands parted."""
    return f"{value:,.0f}"


def share(value: float | None) -> str:
    """Return a share in per cent; 100 % is exactly that."""
    if value is None or math.isnan(value):
        return NOTHING
    if value < 1 and round(value, 3) == 1:
        return "99.9 %"
    return f"{100 * value:.1f} %"


def age(hours: float | None) -> str:
    """Return an age: minutes, hours, or days."""
    if hours is None or math.isinf(hours):
        return NOTHING
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} d"


def seconds(value: float | None) -> str:
    """Return a duration of seconds in its best unit."""
    if value is None:
        return NOTHING
    return f"{value:.1f} s" if value < 60 else age(value / 3600)


def moment(value: dt.datetime | None) -> str:
    """Return a moment, to the minute, in UTC."""
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, such as `1 alert` and `3 alerts`."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"
