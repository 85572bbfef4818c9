"""Credentials: which of a source's headers are secret, and to which URLs they may go.

What belongs here: that judgement, for every way in. What does not: their values (headers.py), and redirects
(visit.py).
"""

import re
from dataclasses import dataclass

from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.urls import authority_of, origin_of

_SECRET_NAMES = frozenset({"authorization", "cookie", "proxy-authorization"})
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}")


@dataclass(frozen=True)
class CredentialScope:
    """The URLs that a source's secrets are for: narrower than its scope, which goes by hosts alone.

    Attributes:
        origins: of the start URLs, plain http among them where the source file says so.
        authorities: host and port of the start URLs and of `fetch.hosts`, for https; none of a wildcard,
            which may stand for hosts of somebody else.
    """

    origins: frozenset[str]
    authorities: frozenset[str]

    def __contains__(self, url: str) -> bool:
        origin = origin_of(url)
        return origin in self.origins or (
            origin.startswith("https:") and authority_of(url) in self.authorities
        )


def credential_scope_of(source: Source) -> CredentialScope:
    """Return where a source's secrets may go."""
    starts = [start for rule in source.fetch.discover for start in rule.start]
    named = {host for host in source.fetch.hosts if not host.startswith("*.")}
    return CredentialScope(
        frozenset(map(origin_of, starts)), frozenset(map(authority_of, starts)) | frozenset(named)
    )


def secret_names(source: Source) -> frozenset[str]:
    """Return the names, in lower case, of the headers whose values are secret."""
    return frozenset(
        name.lower()
        for name, text in source.fetch.headers.items()
        if name.lower() in _SECRET_NAMES or _VARIABLE.search(text)
    )
