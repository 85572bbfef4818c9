"""The files of daily reports: where they lie, and how one is put there.

What belongs here: addresses, and writing whole files. What does not: what is in them (stages/observe/report).
"""

import datetime as dt
import os
import tempfile
from pathlib import Path

from blake3 import blake3

from webdata_assets.store.location import Location

LATEST = "latest.html"
_ROOM = "reports"


def report_path(location: Location, date: dt.date) -> Path:
    """Return where the report of a day lies; raises PermanentError for an object store (report_uri)."""
    return location.folder(_ROOM, _name(date))


def report_uri(location: Location, date: dt.date) -> str:
    """Return where the report of a day lies: a path, or an object's address."""
    return location.uri(_ROOM, _name(date))


def page_hash(page: bytes) -> str:
    """Return the BLAKE3 of a page."""
    return str(blake3(page).hexdigest())


def write_report(location: Location, date: dt.date, page: bytes) -> str:
    """Write the report of a day, and once more as `latest.html`; a reader sees the old one or the new one.

    Returns:
        Where it lies: a path, or an object's address.
    """
    if location.is_local:
        path = report_path(location, date)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, page)
        _replace(path.with_name(LATEST), page)
    else:
        for name in (_name(date), LATEST):
            location.objects(_ROOM).put(name, page)
    return report_uri(location, date)


def read_report(location: Location, date: dt.date) -> bytes | None:
    """Return the report of a day as it lies there; None where there is none."""
    if not location.is_local:
        return location.objects(_ROOM).get(_name(date))
    path = report_path(location, date)
    return path.read_bytes() if path.is_file() else None


def report_file(location: Location, date: dt.date) -> Path | None:
    """Return the report of a day as a file that a browser opens: itself, or a copy; None without a report."""
    if location.is_local:
        path = report_path(location, date)
        return path if path.is_file() else None
    page = read_report(location, date)
    if page is None:
        return None
    copy = location.cached(_ROOM, _name(date))
    copy.parent.mkdir(parents=True, exist_ok=True)
    _replace(copy, page)
    return copy


def _name(date: dt.date) -> str:
    return f"{date.isoformat()}.html"


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
