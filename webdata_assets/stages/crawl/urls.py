"""URLs: their one canonical form, and whether a source may visit them.

What belongs here: parsing (WHATWG, by ada-url), scope, and the date parameter of `as_of` sources. What does
not: addresses (addresses.py), and which URLs are visited (discovery/, walk.py).
"""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

import ada_url

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.fetch import AsOf
from webdata_assets.sources.model import Source

MAX_URL_CHARACTERS = 8_192
"""Longer URLs are crawler traps, and servers refuse them."""


def canonical_url(url: str, base: str | None = None) -> str:
    """Return the WHATWG serialisation of `url`, resolved against `base`, without its fragment.

    Raises:
        PermanentError: ACCESS, when it is no http or https URL, is too long, or carries credentials.
    """
    try:
        parsed = ada_url.URL(url.strip(), base)
    except ValueError as error:
        raise _refused(url, "is not a URL") from error
    if parsed.protocol not in ("http:", "https:"):
        raise _refused(url, f"has the scheme {parsed.protocol!r}, and only http and https are crawled")
    if parsed.username or parsed.password:
        # without the URL: it holds the credentials
        raise PermanentError(
            f"a URL of {parsed.host} carries credentials; give them as fetch.headers",
            failure_domain=FailureDomain.ACCESS,
        )
    parsed.hash = ""
    if len(parsed.href) > MAX_URL_CHARACTERS:
        raise _refused(url, f"is longer than {MAX_URL_CHARACTERS} characters")
    return parsed.href


def host_of(url: str) -> str:
    """Return the host without its port, lower-case and in punycode; IPv6 in brackets."""
    return _parse(url).hostname


def origin_of(url: str) -> str:
    """Return scheme, host and port, such as `https://example.com`: what robots.txt and credentials go by."""
    return _parse(url).origin


@dataclass(frozen=True)
class Scope:
    """The hosts that a source may visit.

    Attributes:
        authorities: hosts with the very port that they are meant for.
        patterns: hosts for every port, or with one; `*.example.com` stands for all subdomains.
    """

    authorities: frozenset[str]
    patterns: tuple[str, ...]

    def __contains__(self, url: str) -> bool:
        parsed = _parse(url)
        return parsed.host in self.authorities or any(_matches(parsed, pattern) for pattern in self.patterns)


def scope_of(source: Source) -> Scope:
    """Return a source's scope: `fetch.hosts`, or else host and port of each start URL."""
    if source.fetch.hosts:
        return Scope(frozenset(), source.fetch.hosts)
    starts = (start for rule in source.fetch.discover for start in rule.start)
    return Scope(frozenset(_parse(start).host for start in starts), ())


def in_scope(url: str, source: Source) -> bool:
    """Return whether a source may visit the URL's host; for many URLs ask one `scope_of`."""
    return url in scope_of(source)


def with_as_of(url: str, as_of: AsOf | None, date: dt.date) -> str:
    """Return the URL to request for a date: with the date parameter where the source has one."""
    if as_of is None or as_of.param is None:
        return url
    return with_parameter(url, as_of.param, date.strftime(as_of.format))


def without_as_of(url: str, as_of: AsOf | None) -> str:
    """Return the URL as rows name it: the same on every date."""
    if as_of is None or as_of.param is None:
        return url
    parsed = _parse(url)
    pairs = parsed.search.removeprefix("?").split("&")
    kept = [pair for pair in pairs if _name_of(pair) != as_of.param]
    if len(kept) == len(pairs):
        return url
    parsed.search = "&".join(kept)
    return parsed.href


def with_parameter(url: str, name: str, value: str) -> str:
    """Return the URL with one query parameter set, in place of any value that it had.

    The other parameters stay as they are written, because servers tell `%20` from `+`.
    """
    parsed = _parse(url)
    pairs = parsed.search.removeprefix("?").split("&") if parsed.search else []
    kept = [pair for pair in pairs if _name_of(pair) != name]
    parsed.search = "&".join([*kept, f"{quote_plus(name)}={quote_plus(value)}"])
    return parsed.href


def _name_of(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _parse(url: str) -> ada_url.URL:
    try:
        return ada_url.URL(url)
    except ValueError as error:
        raise _refused(url, "is not a URL") from error


def _matches(parsed: ada_url.URL, pattern: str) -> bool:
    host = parsed.host if ":" in pattern else parsed.hostname
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def _refused(url: str, why: str) -> PermanentError:
    return PermanentError(f"{url[:200]!r} {why}", failure_domain=FailureDomain.ACCESS)
