"""What a robots.txt says to one crawler (RFC 9309).

What belongs here: reading its lines and groups, and asking its rules. What does not: fetching and caching it
(robots.py).
"""

import math
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from protego import Protego

MAX_CRAWL_DELAY_SECONDS = 30.0
_PARSED_BYTES = 512_000
"""RFC 9309 asks for at least 500 KiB; what follows is not read."""
_LINE_CHARACTERS = 16_384
"""Longer lines are cut: the time to match them grows with their length."""
_DIRECTIVES = {
    "agent": ("user-agent", "useragent", "user agent"),
    "allow": ("allow",),
    # misspelt as sites misspell it
    "disallow": ("disallow", "dissallow", "dissalow", "disalow", "diaslow", "diasllow", "disallaw"),
    "delay": ("crawl-delay", "crawl delay", "crawldelay"),
    "sitemap": ("sitemap", "site-map"),
}
_LINE_END = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(r"[A-Za-z_-]*")
_UNESCAPED = string.ascii_letters + string.digits + string.punctuation


@dataclass(frozen=True)
class Verdict:
    """Whether a URL may be visited, and the host's wish for seconds between requests, if any."""

    allowed: bool
    crawl_delay: float | None = None


class Rules:
    """The rules of the one group that speaks to us, and the sitemaps, which are for everyone."""

    def __init__(
        self,
        patterns: Protego | None = None,
        crawl_delay: float | None = None,
        sitemaps: tuple[str, ...] = (),
    ) -> None:
        """Take the patterns under the agent `*`; None allows everything."""
        self.sitemaps = sitemaps
        self._patterns = patterns
        self._allowed = Verdict(True, crawl_delay)
        self._refused = Verdict(False, crawl_delay)

    def verdict(self, url: str) -> Verdict:
        """Return what the rules say of a URL of their origin."""
        if self._patterns is None or self._patterns.can_fetch(url, "*"):
            return self._allowed
        return self._refused


@dataclass
class _Group:
    seen: bool = False
    lines: list[str] = field(default_factory=list)
    crawl_delay: float | None = None


def product_token(user_agent: str) -> str:
    """Return the part of a User-Agent that robots.txt knows: its leading letters, `_` and `-`."""
    match = _TOKEN.match(user_agent)
    assert match is not None
    return match[0]


def parse_robots(body: bytes, user_agent: str) -> Rules:
    """Return the rules of a robots.txt for a crawler: those of its own groups, or else those for everyone."""
    own, everyone = _Group(), _Group()
    agent = product_token(user_agent).lower()
    ruled: list[_Group] = []
    delayed: list[_Group] = []
    in_rules = in_delays = False
    sitemaps: dict[str, None] = {}
    for directive, value in _directives(body):
        if directive == "sitemap":
            sitemaps[value] = None
        elif directive == "agent":
            # a delay ends the agents that it is meant for, but those of the rules go on (RFC 9309, 2.2.4)
            ruled = [] if in_rules else ruled
            delayed = [] if in_rules or in_delays else delayed
            in_rules = in_delays = False
            name = value.split(" ", 1)[0]
            if name == "*" or (agent and product_token(name).lower() == agent):
                group = everyone if name == "*" else own
                group.seen = True
                ruled.append(group)
                delayed.append(group)
        elif directive == "delay":
            in_delays = True
            for group in delayed:
                group.crawl_delay = _seconds(value, group.crawl_delay)
        else:
            in_rules = True
            for group in ruled:
                group.lines.append(f"{directive}: {value}")
    group = own if own.seen else everyone
    patterns = Protego.parse("\n".join(["user-agent: *", *group.lines])) if group.lines else None
    return Rules(patterns, group.crawl_delay, tuple(sitemaps))


def _directives(body: bytes) -> Iterator[tuple[str, str]]:
    text = body[:_PARSED_BYTES].decode("utf-8-sig", "surrogateescape")
    for line in _LINE_END.split(text):
        content = line[:_LINE_CHARACTERS].partition("#")[0].strip()
        name, separator, value = content.partition(":")
        if not separator:
            # the colon is forgotten often enough
            name, value = words if len(words := content.split()) == 2 else ("", "")
        name, value = name.strip().lower(), value.strip()
        for directive, spellings in _DIRECTIVES.items():
            if name.startswith(spellings):
                yield directive, _plain(value) if directive in ("allow", "disallow") else value


def _plain(pattern: str) -> str:
    """Return the pattern escaped, so that nothing in it ends a line or is taken for one."""
    if pattern.isascii() and pattern.isprintable():
        return pattern
    return quote(pattern, safe=_UNESCAPED, errors="surrogateescape")


def _seconds(value: str, otherwise: float | None) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return otherwise
    return min(seconds, MAX_CRAWL_DELAY_SECONDS) if math.isfinite(seconds) and seconds >= 0 else otherwise
