"""The files of daily reports: where they lie, and how one is put there.

What belongs here: paths, and writing whole files. What does not: what is in them (stages/observe/report).
"""

import datetime as dt
import os
import tempfile
from pathlib import Path

from blake3 import blake3

from webdata_assets.store.location import Location

LATEST = "latest.html"


def report_path(location: Location, date: dt.date) -> Path:
    """Return where the report of a day lies. Raises PermanentError for an object store."""
    return location.folder("reports", f"{date.isoformat()}.html")


def page_hash(page: bytes) -> str:
    """Return the BLAKE3 of a page."""
    return str(blake3(page).hexdigest())


def write_report(location: Location, date: dt.date, page: bytes) -> Path:
    """Write the report of a day, and once more as `latest.html`; a reader sees the old one or the new one.

    Raises:
        PermanentError: the store is an object store; reports need a local folder.
    """
    path = report_path(location, date)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, page)
    _replace(path.with_name(LATEST), page)
    return path


def read_report(location: Location, date: dt.date) -> bytes | None:
    """Return the report of a day as it lies there; None where there is none."""
    path = report_path(location, date)
    return path.read_bytes() if path.is_file() else None


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place of another in one step, so that no crash leaves half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
