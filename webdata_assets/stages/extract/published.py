"""When a page says it was published, and when it was last changed.

What belongs here: whom to believe. What does not: where a page speaks of its dates (dating/), and parsing a
written date (dates.py).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webdata_assets.stages.extract.dates import parse_written
from webdata_assets.stages.extract.dating.claims import Claim, day_of_url, modified_claims, published_claims
from webdata_assets.stages.extract.dating.reader import EARLIEST_YEAR, Sighting
from webdata_assets.stages.extract.dating.sight import sightings, sightings_instead
from webdata_assets.stages.extract.dating.traces import in_pictures, in_scripts, in_source
from webdata_assets.stages.extract.dating.weights import most_likely
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext

_DAY = dt.timedelta(days=1)
_LONGEST_BEFORE = dt.timedelta(days=-365)
_LONGEST_AFTER = dt.timedelta(days=60)
_OF_CHANGES = frozenset({"before:modified", "in:modified"})
_OF_OTHERS = frozenset({"in:other", "in:comment", "in:quote", "prose"})
_OF_THE_RESPONSE = frozenset({"meta:last-modified"})
"""On many pages it is when the page was made up for this visit."""
_SHOWN = 0.6
_LIKELY = 0.5
_POSSIBLE = 0.1


@dataclass(frozen=True)
class PageDate:
    """A date of a page.

    Attributes:
        date: the day as the page writes it, in its own time zone.
        moment: in UTC; it may fall on the day before or after.
        label: where it was found.
    """

    date: dt.date
    moment: dt.datetime
    label: str


def find_published_at(document: Document, context: PageContext) -> Found | None:
    """Return the moment of publication in UTC; see `publication_of`."""
    found = publication_of(document, context)
    return Found(found.moment, found.label) if found else None


def find_modified_at(document: Document, context: PageContext) -> Found | None:
    """Return the moment of the last change in UTC; see `modification_of`."""
    found = modification_of(document, context)
    return Found(found.moment, found.label) if found else None


def publication_of(document: Document, context: PageContext) -> PageDate | None:
    """Return when a page was published.

    In this order: the earliest publication that its markup states, or the day in its address; the date in
    sight that is likely to be it; what data in its scripts call the publication; a date in sight that may be
    it; the last change; the day of its picture's upload; a timestamp in its source. Dates before 1995 and
    after the payload are nobody's.

    Documents have it in their markup or not at all: the dates in a manual's text are those of other things.
    """
    claims = _plausible(published_claims(document, context.kind), context)
    is_document = context.kind == "document"
    day = None if is_document else _plausible_day(day_of_url(document), context)
    if agreed := _agreed(claims, day):
        is_certain = is_document or day is not None or _is_said_twice(claims, agreed.date)
        return agreed if is_certain else _shown_instead(document, context, agreed) or agreed
    likely = most_likely(sightings(document, context.payload_date))
    if likely and likely.probability >= _LIKELY and (not is_document or "in:<time>" in likely.sighting.signs):
        return _seen(document, likely.sighting)
    if is_document:
        return None
    if told := _plausible(in_scripts(document), context):
        return _as_page_date(told[0])
    if likely and likely.probability >= _POSSIBLE:
        return _seen(document, likely.sighting)
    for traces in (modified_claims(document, context.kind), in_pictures(document), in_source(document)):
        if plausible := _plausible(traces, context):
            return _as_page_date(plausible[0])
    return None


def modification_of(document: Document, context: PageContext) -> PageDate | None:
    """Return when a page was last changed: the latest that its markup states, else what its text calls so."""
    if claims := _plausible(modified_claims(document, context.kind), context):
        lasting = [claim for claim in claims if claim.label not in _OF_THE_RESPONSE] or claims
        return _as_page_date(max(lasting, key=lambda claim: claim.written))
    if context.kind == "document":
        return None
    for sighting in sightings(document, context.payload_date):
        if "before:modified" in sighting.signs and sighting.signs.isdisjoint(_OF_OTHERS):
            return _seen(document, sighting)
    return None


def _is_said_twice(claims: Sequence[Claim], date: dt.date) -> bool:
    """Return whether two syntaxes of the page name the day, give or take one for time zones."""
    syntaxes = {claim.label.split(":")[0] for claim in claims if abs(claim.written.date() - date) <= _DAY}
    return len(syntaxes) > 1


def _shown_instead(document: Document, context: PageContext, claimed: PageDate) -> PageDate | None:
    """Return the likely date that the page shows its readers in place of the claimed one, when that is near.

    What is claimed then is of another event, such as an import or the first draft, or of another time zone. A
    date long after the claim is that of an update.
    """
    likely = most_likely(sightings_instead(document, context.payload_date, of=claimed.date))
    if likely is None or likely.probability < _SHOWN or not likely.sighting.signs.isdisjoint(_OF_CHANGES):
        return None
    distance = likely.sighting.date - claimed.date
    return _seen(document, likely.sighting) if _LONGEST_BEFORE <= distance <= _LONGEST_AFTER else None


def _agreed(claims: Sequence[Claim], day: dt.date | None) -> PageDate | None:
    """Return what claims say together: of different ones the earliest, with the day that the page writes.

    A claim in UTC may be of the next or the previous day to the page's readers; the page's address, or the
    same moment written with the zone of the page, has the day.
    """
    if not claims:
        return PageDate(day, _midnight(day), "url") if day else None
    stated = [claim for claim in claims if not claim.label.startswith("css:")] or claims
    earliest = min(stated, key=lambda claim: claim.written)
    if day is None:
        with_zone = (
            claim.written.date()
            for claim in claims
            if claim.written.utcoffset() and abs(claim.written - earliest.written) < _DAY
        )
        day = next(with_zone, earliest.written.date())
    elif abs(day - earliest.written.date()) > _DAY:
        return _agreed([], day)
    return PageDate(day, earliest.written.astimezone(dt.UTC), earliest.label)


def _as_page_date(claim: Claim) -> PageDate:
    return PageDate(claim.written.date(), claim.written.astimezone(dt.UTC), claim.label)


def _seen(document: Document, sighting: Sighting) -> PageDate:
    try:
        moment = parse_written(sighting.raw, month_first=document.month_first)
    except ValueError:
        moment = _midnight(sighting.date)  # what follows the date is no time of day
    if moment.date() != sighting.date:
        moment = _midnight(sighting.date)
    return PageDate(sighting.date, moment.astimezone(dt.UTC), f"text:{sighting.tag}")


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _plausible(claims: Iterable[Claim], context: PageContext) -> list[Claim]:
    return [claim for claim in claims if _plausible_day(claim.written.date(), context)]


def _plausible_day(day: dt.date | None, context: PageContext) -> dt.date | None:
    """Return the day unless it is before the web or after the payload, wherever on earth that was fetched."""
    return day if day and day.year >= EARLIEST_YEAR and day <= context.payload_date + _DAY else None
