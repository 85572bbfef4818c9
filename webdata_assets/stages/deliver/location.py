"""Where sinks lie: the only code here that reads an address.

What belongs here: telling folders from object stores. What does not: what lies there (folder.py).
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from webdata_assets.errors import FailureDomain, PermanentError


def is_local(uri: str | Path) -> bool:
    """Whether an address is a path or `file://…`."""
    return "://" not in str(uri) or str(uri).startswith("file://")


def local_folder(uri: str | Path) -> Path:
    """Return the folder that an address names: a path, or `file://` and an absolute path.

    Raises:
        PermanentError: the address is not of this machine.
    """
    text = str(uri)
    if "://" not in text:
        return Path(text).absolute()
    parts = urlsplit(text)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise PermanentError(
            f"{text} is not a folder of this machine: write it as a path, or as file:///and/the/path",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return Path(unquote(parts.path))
