"""From a URL to a proposal: the survey, by plain requests or by a browser, and what follows from it.

What belongs here: the order of these, and their tools. What does not: any of them, and files (cli/).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.settings import Settings
from webdata_assets.stages.authoring.looking import looking_at
from webdata_assets.stages.authoring.proposal import Proposal, propose
from webdata_assets.stages.authoring.reading import Reader
from webdata_assets.stages.authoring.survey import Survey, Tell, survey
from webdata_assets.stages.authoring.visiting import MOST_REQUESTS, Visits
from webdata_assets.stages.crawl.urls import canonical_url, host_of
from webdata_assets.stages.extract.workers.pool import ExtractionPool


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        url: where the look begins.
        name: of the source.
        allow_private: whether loopback and private addresses may be reached.
        requests_per_second: while looking.
    """

    url: str
    name: str
    allow_private: bool = False
    requests_per_second: float = 2.0


@dataclass(frozen=True)
class Authored:
    """A proposal with what it was made from.

    Attributes:
        requests: that were made, robots.txt and redirects included.
    """

    proposal: Proposal
    survey: Survey
    requests: int


def author(
    wish: Wish, settings: Settings, connect_to: Mapping[str, str], pool: ExtractionPool, tell: Tell
) -> Authored:
    """Look at a site and return the source that it suggests.

    Args:
        wish: of the person.
        settings: of the deployment.
        connect_to: host → `address:port` to connect to in its place.
        pool: reads pages.
        tell: takes a line on each thing that was found.

    Raises:
        PermanentError: CONFIGURATION, it is no URL; ACCESS, TARGET, RESOURCE, PARSE, the first page did not
            come or cannot be read; the message says what to do.
        TransientError: TARGET, the host is not to be had now; RESOURCE, no worker starts.
    """
    url = checked_url(wish.url)
    today = dt.datetime.now(dt.UTC).date()
    found, spent = _survey(url, wish, settings, connect_to, pool, tell, None, MOST_REQUESTS)
    if found.needed is not None and not found.is_readable:
        tell(f"the page needs JavaScript ({found.needed}): looking again with a browser")
        try:
            left = MOST_REQUESTS - spent
            found, further = _survey(url, wish, settings, connect_to, pool, tell, found.needed, left)
            spent += further
        except (PermanentError, TransientError) as error:
            # the file is worth writing without it: `via: browser` is what was found out
            tell(f"no browser could look at it: {error}")
    return Authored(propose(found, wish.name, today, pool, allow_private=wish.allow_private), found, spent)


def checked_url(url: str) -> str:
    """Return the canonical form of a URL.

    Raises:
        PermanentError: CONFIGURATION, when it is no absolute http or https URL.
    """
    parts = urlsplit(url) if url.isprintable() and " " not in url else None
    if parts is None or parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise PermanentError(
            f"{url!r} is not an absolute http or https URL, such as https://example.com/blog/",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    try:
        return canonical_url(url)
    except PermanentError as error:
        raise PermanentError(str(error), failure_domain=FailureDomain.CONFIGURATION) from error


def _survey(
    url: str,
    wish: Wish,
    settings: Settings,
    connect_to: Mapping[str, str],
    pool: ExtractionPool,
    tell: Tell,
    needed: str | None,
    requests: int,
) -> tuple[Survey, int]:
    """Return a survey by plain requests, or by a browser where one is needed, and the requests made."""
    source = looking_at(
        url,
        _hosts_of(url),
        allow_private=wish.allow_private,
        rate=wish.requests_per_second,
        via="http" if needed is None else "browser",
    )
    with Visits(source, settings, dict(connect_to), requests=requests) as visits:
        found = survey(url, visits, Reader(pool, source, visits.date), tell, needed)
        return found, visits.requests


def _hosts_of(url: str) -> tuple[str, ...]:
    """Return the host with and without `www.`; none for an IPv6 address, whose URL is its scope."""
    host = host_of(url)
    if host.startswith("["):
        return ()
    bare = host.removeprefix("www.")
    return (bare, f"www.{bare}") if not bare.replace(".", "").isdigit() else (bare,)
