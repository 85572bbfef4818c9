"""Texts that may leave the process: without secrets, and not without end.

What belongs here: what a secret is, and cutting. What does not: where texts go (resources/logs.py).
"""

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"
LEAST_CHARACTERS = 6
"""A shorter value is no secret worth the name, and hiding it would tear holes into every text."""
MAX_CHARACTERS = 4_000

_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|WEBDATA_ALERTS|DSN|_AUTH|WEBDATA_(SHARED_RATES|DAGSTER_STORAGE|CELERY_)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_USER = re.compile(r"(?<=://)[^/?#\s\"'<>]+@")
"""User and password of a URL: anything up to the last `@` before its path."""
_SEPARATOR = re.compile(r"[,\s]+")
_PASSWORD = re.compile(r"://[^/?#\s:@]*:([^\s]+)@")
"""The password of a URL: up to the last `@`, as some clients read what should have been escaped."""


def referenced_names(texts: Iterable[str]) -> frozenset[str]:
    """Return the environment variables that texts of source files name as `${NAME}`."""
    return frozenset(name for text in texts for name in _REFERENCE.findall(text))


@dataclass(frozen=True)
class Redaction:
    """Hide secrets in texts.

    Attributes:
        secrets: the values to hide, the longest first.
    """

    secrets: tuple[str, ...]

    @classmethod
    def of(
        cls, environment: Mapping[str, str], names: Collection[str] = (), values: Iterable[str] = ()
    ) -> "Redaction":
        """Return what hides the secrets of an environment.

        Args:
            environment: variables, of which those count whose name speaks of a key, token or password.
            names: of further variables that hold secrets.
            values: further secrets.
        """
        found = [value for name, value in environment.items() if name in names or _SECRET_NAME.search(name)]
        # a variable may hold several, such as proxies
        parts = {part.strip() for value in [*found, *values] for part in (value, *_SEPARATOR.split(value))}
        parts |= {password for part in parts for password in _PASSWORD.findall(part)}
        secrets = {spelt for part in parts for spelt in _spellings(part) if len(spelt) >= LEAST_CHARACTERS}
        return cls(tuple(sorted(secrets, key=lambda secret: (-len(secret), secret))))

    def apply(self, text: str) -> str:
        """Return the text without secrets and without users and passwords of URLs, cut where it is long."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        text = _USER.sub(f"{HIDDEN}@", text)
        return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _spellings(secret: str) -> Iterator[str]:
    """Give the ways in which servers and clients write a secret that they repeat."""
    raw = secret.encode("utf-8", "surrogateescape")
    yield from (secret, unquote(secret), quote(raw, safe=""), quote_plus(raw), json.dumps(secret)[1:-1])
    for before in range(3):
        # as behind a user's name; without its ends, which depend on what stands beside it
        inside = raw[-before % 3 :]
        encoded = base64.b64encode(inside[: len(inside) // 3 * 3]).decode()
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))
