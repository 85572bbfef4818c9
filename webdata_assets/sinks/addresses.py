"""Addresses and names of environment variables in sink files.

What belongs here: that no secret stands in a file, and that an address means the same from everywhere. What
does not: opening an address (store/sinks.py).
"""

import re
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, StringConstraints


def check_address(value: str) -> str:
    """Return an absolute path, or a URL that holds no password."""
    if "://" not in value:
        if not value.startswith("/"):
            raise ValueError(
                f"{value!r} is neither an absolute path nor an address such as s3://bucket/prefix"
            )
        return value
    parts = urlsplit(value)
    if parts.password is not None or any("password" in name for name in parse_qs(parts.query)):
        place = f"{parts.scheme}://…@{parts.hostname}"
        raise ValueError(f"{place} holds a password; name the environment variable that holds it instead")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme):
        raise ValueError(f"{value!r} has no scheme such as s3 or postgresql")
    return value


Address = Annotated[str, AfterValidator(check_address)]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]*$")]
