"""URLs: their one canonical form, and whether a source may visit them.

What belongs here: parsing (WHATWG, by ada-url), scope, and the date parameter of `as_of` sources. What does
not: addresses (http/addresses.py), and which URLs are visited (discovery/, walk.py).
"""

import datetime as dt
import functools
import re
from dataclasses import dataclass
from typing import NamedTuple
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
        # one call each: ada-url's objects cost a call of C for every part that is asked for
        href = ada_url.normalize_url(url.strip()) if base is None else ada_url.join_url(base, url.strip())
    except ValueError as error:
        raise _refused(url, "is not a URL") from error
    href = href.partition("#")[0]
    if not href.startswith(("http://", "https://")):
        scheme = href.partition(":")[0]
        raise _refused(url, f"has the scheme '{scheme}:', and only http and https are crawled")
    # the host of a serialised URL holds no @, so one before the path ends credentials
    if "@" in href and "@" in href[: href.index("/", len("https://"))]:
        # without the URL: it holds the credentials
        raise PermanentError(
            f"a URL of {_parse(href).host} carries credentials; give them as fetch.headers",
            failure_domain=FailureDomain.ACCESS,
        )
    if len(href) > MAX_URL_CHARACTERS:
        raise _refused(url, f"is longer than {MAX_URL_CHARACTERS} characters")
    return href


def host_of(url: str) -> str:
    """Return the host without its port, lower-case and in punycode; IPv6 in brackets."""
    return _authority(url).hostname


def origin_of(url: str) -> str:
    """Return scheme, host and port, such as `https://example.com`: what robots.txt and credentials go by."""
    return _authority(url).origin


def authority_of(url: str) -> str:
    """Return host and port, the port left out where it is the scheme's own."""
    return _authority(url).host


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
        authority = _authority(url)
        return authority.host in self.authorities or any(
            _matches(authority, pattern) for pattern in self.patterns
        )


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
    # with its `?`, or else one that the query itself begins with would be taken for it
    parsed.search = f"?{'&'.join(kept)}" if kept else ""
    return parsed.href


def with_parameter(url: str, name: str, value: str) -> str:
    """Return the URL with one query parameter set, in place of any value that it had.

    The other parameters stay as they are written, because servers tell `%20` from `+`.
    """
    parsed = _parse(url)
    pairs = parsed.search.removeprefix("?").split("&") if parsed.search else []
    kept = [pair for pair in pairs if _name_of(pair) != name]
    parsed.search = f"?{'&'.join([*kept, f'{quote_plus(name)}={quote_plus(value)}'])}"
    return parsed.href


def parameter_of(url: str, name: str) -> str | None:
    """Return the value of a query parameter, the last one if there are several; None without it."""
    pairs = _parse(url).search.removeprefix("?").split("&")
    values = [pair.partition("=")[2] for pair in pairs if pair and _name_of(pair) == name]
    return unquote_plus(values[-1]) if values else None


def without_credentials(url: str) -> str:
    """Return what may be no URL at all for people to read: without a user and password before a host."""
    return _UP_TO_AT.sub(r"\1…@", url)


_UP_TO_AT = re.compile(r"([:/\\]).*@", re.DOTALL)
"""All of it, because a password that is not escaped may hold any character."""


class _Authority(NamedTuple):
    """Host with port, host alone, and origin."""

    host: str
    hostname: str
    origin: str


_UP_TO_PATH = re.compile(r"https?://[^/\\?#@\s]+/")


def _authority(url: str) -> _Authority:
    # the URLs of one site share what comes before the path, and that is parsed once
    start = _UP_TO_PATH.match(url)
    return _authority_of(start[0]) if start else _authority_of.__wrapped__(url)


@functools.lru_cache(maxsize=1_024)
def _authority_of(url: str) -> _Authority:
    parsed = _parse(url)
    return _Authority(parsed.host, parsed.hostname, parsed.origin)


def _name_of(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _parse(url: str) -> ada_url.URL:
    try:
        return ada_url.URL(url)
    except ValueError as error:
        raise _refused(url, "is not a URL") from error


def _matches(authority: _Authority, pattern: str) -> bool:
    host = authority.host if ":" in pattern else authority.hostname
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern


def _refused(url: str, why: str) -> PermanentError:
    return PermanentError(f"{without_credentials(url)[:200]!r} {why}", failure_domain=FailureDomain.ACCESS)
