"""Where sinks lie: the only code here that reads an address.

What belongs here: folders now, object stores when their sinks come. What does not: what lies there.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from webdata_assets.errors import FailureDomain, PermanentError


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
            f"{text} is not a folder of this machine; this sink writes to local folders only",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return Path(unquote(parts.path))
