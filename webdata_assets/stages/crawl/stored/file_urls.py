"""URLs of files: the mapping between a file below a folder and the URL that it stands for.

What belongs here: the mapping, both ways. What does not: the files (files.py).
"""

import os
from urllib.parse import quote, unquote_to_bytes

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverFiles
from webdata_assets.stages.crawl.urls import canonical_url

_PLAIN_CHARACTERS = "!$&'()*+,-.:;=@_~"
"""What a path segment may hold as it is (RFC 3986, 3.3), beside letters and digits."""


def base_of(rule: DiscoverFiles) -> str:
    """Return the URL that the folder stands for, with the slash at its end.

    Raises:
        PermanentError: ACCESS or CONFIGURATION, when it can stand for no folder.
    """
    base = canonical_url(rule.base_url)
    if "?" in base:
        raise PermanentError(
            f"the base_url {base} has a query, and a folder has none; leave it out",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return base if base.endswith("/") else f"{base}/"


def url_of(name: str, base: str) -> str:
    """Return the URL of a file.

    Args:
        name: its path below the folder, with `/` between the parts.
        base: the URL that the folder stands for.
    """
    return base + "/".join(quote(os.fsencode(part), safe=_PLAIN_CHARACTERS) for part in name.split("/"))


def name_of(url: str, base: str) -> str | None:
    """Return the path below the folder of the file that has this URL; None when no file can have it."""
    if not url.startswith(base):
        return None
    name = os.fsdecode(unquote_to_bytes(url[len(base) :]))
    is_plain = "\0" not in name and not {"", ".", ".."} & set(name.split("/"))
    # a file has one URL: another spelling of it, such as %2F for a slash, has no file
    return name if is_plain and url_of(name, base) == url else None
