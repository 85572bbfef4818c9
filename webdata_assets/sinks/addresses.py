"""Addresses and names of environment variables in sink files.

What belongs here: that no secret stands in a file, and that an address means the same from everywhere. What
does not: opening an address (store/sinks.py).
"""

import re
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator

from webdata_assets.sources.grammar import check_url


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


def check_path(value: str) -> str:
    """Return an absolute path of this machine."""
    if not value.startswith("/") or "://" in value:
        raise ValueError(f"{value!r} is not an absolute path")
    return value


def check_web_address(value: str) -> str:
    """Return an http or https URL without user and password."""
    if urlsplit(check_url(value)).username is not None:
        raise ValueError(
            "a user or password stands in the URL; leave it out: what is sent there is signed, or has "
            "credentials of its own"
        )
    return value


def check_variable(value: str) -> str:
    """Return the name of a variable. What is none may be a secret, and is not repeated."""
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError(
            "what stands here is no name of an environment variable (A-Z, 0-9 and _); a secret itself never "
            "stands in a sink file"
        )
    return value


def check_redis(value: str) -> str:
    """Return an address of a Redis server that holds no password."""
    if not value.startswith(("redis://", "rediss://")):
        raise ValueError(f"{value!r} is not of the form redis://host:port/number")
    return check_address(value)


Address = Annotated[str, AfterValidator(check_address)]
LocalPath = Annotated[str, AfterValidator(check_path)]
RedisAddress = Annotated[str, AfterValidator(check_redis)]
WebAddress = Annotated[str, AfterValidator(check_web_address)]
EnvironmentName = Annotated[str, AfterValidator(check_variable)]
