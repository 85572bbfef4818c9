"""The demo's dates and the script of what goes wrong on which of them.

What belongs here: days and incidents as data. What does not: what an incident looks like (incidents.py for
refused requests, shop.py and posts.py for changed content).
"""

import datetime as dt
from enum import StrEnum

FIRST_DAY = dt.date(2026, 6, 1)
LAST_DAY = dt.date(2026, 6, 7)


class Incident(StrEnum):
    """Something that goes wrong for one day."""

    API_OUTAGE = "api outage"
    """The first requests of each listing page answer 503."""
    SHOP_BURST = "shop burst"
    """The first requests of the day answer 429 with Retry-After."""
    BLOG_BROKEN_POST = "blog broken post"
    """One post answers 503 all day."""
    SHOP_LAYOUT = "shop layout"
    """Product pages have another structure and no JSON-LD."""
    BLOG_FLOOD = "blog flood"
    """Copies of one post appear under new URLs, and stay."""


SCRIPT: dict[dt.date, frozenset[Incident]] = {
    dt.date(2026, 6, 2): frozenset({Incident.API_OUTAGE}),
    dt.date(2026, 6, 3): frozenset({Incident.SHOP_BURST, Incident.BLOG_BROKEN_POST}),
    dt.date(2026, 6, 5): frozenset({Incident.SHOP_LAYOUT}),
    dt.date(2026, 6, 6): frozenset({Incident.BLOG_FLOOD}),
}


def dates() -> tuple[dt.date, ...]:
    """Return the scripted dates, first to last."""
    return tuple(FIRST_DAY + dt.timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))


def clamp(date: dt.date) -> dt.date:
    """Return the date, or the first day for dates before it."""
    return max(date, FIRST_DAY)


def day_number(date: dt.date) -> int:
    """Return the days since the first day: 0 on the first, never negative."""
    return (clamp(date) - FIRST_DAY).days


def date_of(day: int) -> dt.date:
    """Return the date of a day number, which may be negative for things that existed before the first day."""
    return FIRST_DAY + dt.timedelta(days=day)


def happens(incident: Incident, date: dt.date) -> bool:
    """Say whether an incident is scripted for the date."""
    return incident in SCRIPT.get(clamp(date), frozenset())


def has_begun(incident: Incident, date: dt.date) -> bool:
    """Say whether an incident is scripted for the date or for an earlier one."""
    return any(incident in incidents and day <= clamp(date) for day, incidents in SCRIPT.items())
