"""Request headers: a source's own, with secrets from the environment, and who may see them.

What belongs here: building, filtering and redacting headers. What does not: sending them (http.py).
"""

import os
import re
from collections.abc import Mapping

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_RESPONSE_HEADERS = frozenset(
    {"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "cookie", "www-authenticate",
     "proxy-authenticate", "authentication-info"}
)  # fmt: skip
_MAX_HEAD_CHARACTERS = 4_000


def source_headers(source: Source, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of `fetch.headers` with each `${NAME}` replaced by that environment variable.

    Args:
        source: the source.
        environment: the process's own if not given.

    Raises:
        PermanentError: CONFIGURATION, when a variable is missing or cannot stand in a header. The message
            names the variable, never a value.
    """
    variables = os.environ if environment is None else environment
    return {name: _expand(source.name, name, text, variables) for name, text in source.fetch.headers.items()}


def response_head(status: int, headers: Mapping[str, str]) -> str:
    """Return status and headers in text for a person, without cookies and credentials, 4,000 characters."""
    lines = [f"HTTP {status}"]
    lines += [
        f"{name}: {value}" for name, value in headers.items() if name.lower() not in _SECRET_RESPONSE_HEADERS
    ]
    return "\n".join(lines)[:_MAX_HEAD_CHARACTERS]


def _expand(source: str, header: str, text: str, variables: Mapping[str, str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        if value is None:
            raise _unusable(source, header, match[1], "is not set")
        if any(character < " " or character == "\x7f" for character in value):
            raise _unusable(source, header, match[1], "holds a line break or control character")
        return value

    return _VARIABLE.sub(value_of, text)


def _unusable(source: str, header: str, variable: str, why: str) -> PermanentError:
    return PermanentError(
        f"source {source}: header {header!r} takes the environment variable {variable}, which {why}",
        failure_domain=FailureDomain.CONFIGURATION,
    )
