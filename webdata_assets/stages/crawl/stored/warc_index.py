"""The index of web archives: which URL was captured when, and where its record lies.

What belongs here: looking captures up. What does not: building the index (warc_build.py), and reading records
(warc_record.py).
"""

import datetime as dt
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webdata_assets.stages.crawl.stored.warc_build import (
    ENTRY_COLUMNS,
    Progress,
    from_microseconds,
    open_database,
    to_microseconds,
)
from webdata_assets.stages.crawl.stored.warc_entries import Entry

_DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Capture:
    """An entry, and the file that it lies in."""

    path: Path
    entry: Entry


@dataclass(frozen=True, slots=True)
class DamagedPart:
    """A part of an archive that could not be used."""

    path: Path
    offset: int
    reason: str


class WarcIndex:
    """The captures of a file, or of all WARC files below a folder. Memory does not grow with their number."""

    @classmethod
    def open(cls, path: Path, cache: Path, *, progress: Progress | None = None) -> "WarcIndex":
        """Bring the index of an archive up to date and open it; only files that are new or changed are read.

        Args:
            path: a file or folder.
            cache: the folder that keeps indexes, in one SQLite file for each archive.
            progress: told now and then how far it is.

        Raises:
            PermanentError: CONFIGURATION, when there is no such file, or no WARC in the folder; PARSE, when a
                file is no WARC.
            TransientError: RESOURCE, when the disk fails, or another process holds the index for too long.
        """
        return cls(path, open_database(path, cache, progress))

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        """Take an index that is up to date."""
        self.path = path
        self._database = database

    def dates(self) -> list[dt.date]:
        """Return the UTC dates that have captures, in order."""
        days = self._database.execute(
            "SELECT DISTINCT moment / ? AS day FROM captures ORDER BY day", (_DAY_MICROSECONDS,)
        )
        return [from_microseconds(day * _DAY_MICROSECONDS).date() for (day,) in days]

    def urls_on(self, date: dt.date, allow: Sequence[str] = (), deny: Sequence[str] = ()) -> list[str]:
        """Return the URLs captured on a UTC date, in order.

        Args:
            date: the partition's.
            allow: patterns of which a URL must match one, if there are any.
            deny: patterns of which it must match none.
        """
        start = _start_of(date)
        allowed, denied = [re.compile(text) for text in allow], [re.compile(text) for text in deny]
        rows = self._database.execute(
            "SELECT DISTINCT url FROM captures WHERE moment >= ? AND moment < ? ORDER BY url",
            (start, start + _DAY_MICROSECONDS),
        )
        return [
            url
            for (url,) in rows
            if (not allowed or any(pattern.search(url) for pattern in allowed))
            and not any(pattern.search(url) for pattern in denied)
        ]

    def latest(self, url: str, date: dt.date) -> Capture | None:
        """Return a URL's last capture on a UTC date, or else its last one before that date."""
        end = _start_of(date) + _DAY_MICROSECONDS
        return self._one("url = ? AND moment < ? ORDER BY moment DESC, path DESC, offset DESC", url, end)

    def payload_of(self, revisit: Entry) -> Capture | None:
        """Return the capture whose payload a revisit shares; None when it is not in the archive."""
        found = None
        if revisit.refers_to is not None:
            found = self._one("record_id = ? AND kind != 'revisit'", revisit.refers_to)
        if found is None and revisit.refers_to_url is not None and revisit.refers_to_moment is not None:
            found = self._one(
                "url = ? AND moment = ? AND kind != 'revisit'",
                revisit.refers_to_url,
                to_microseconds(revisit.refers_to_moment),
            )
        if found is None and revisit.digest is not None:
            found = self._one("digest = ? AND kind != 'revisit' ORDER BY moment", revisit.digest)
        if found is None and revisit.digest is None:
            found = self._one(
                "url = ? AND moment <= ? AND kind != 'revisit' AND status BETWEEN 200 AND 299 "
                "ORDER BY moment DESC, path DESC, offset DESC",
                revisit.url,
                to_microseconds(revisit.moment),
            )
        return found

    def damage(self) -> list[DamagedPart]:
        """Return the parts that could not be used, in the order of files and offsets."""
        rows = self._database.execute(
            "SELECT path, offset, reason FROM damage JOIN files ON files.id = file ORDER BY path, offset"
        )
        return [DamagedPart(Path(os.fsdecode(path)), offset, reason) for path, offset, reason in rows]

    def close(self) -> None:
        """Release the index. Calling it twice is harmless."""
        self._database.close()

    def _one(self, condition: str, *values: object) -> Capture | None:
        columns = ", ".join(("path", *ENTRY_COLUMNS))
        row = self._database.execute(
            f"SELECT {columns} FROM captures JOIN files ON files.id = file WHERE {condition} LIMIT 1",  # noqa: S608
            values,
        ).fetchone()
        if row is None:
            return None
        path, *values = row
        known: dict[str, Any] = dict(zip(ENTRY_COLUMNS, values, strict=True))
        for name in ("moment", "refers_to_moment"):
            known[name] = None if known[name] is None else from_microseconds(known[name])
        return Capture(Path(os.fsdecode(path)), Entry(**known))


def _start_of(date: dt.date) -> int:
    return to_microseconds(dt.datetime.combine(date, dt.time(), dt.UTC))
