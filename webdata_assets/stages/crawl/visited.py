"""The visited: outcomes, tries under way, and links that were kept, in the walk's scratch database.

What belongs here: noting and looking up what is known of a URL once it was asked for. What does not: which
URL comes next (walk.py).
"""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from webdata_assets.stages.crawl.node import LastVisit
from webdata_assets.stages.crawl.spool import Place
from webdata_assets.stages.crawl.walk_sql import NODE_COLUMNS, PAGE_COLUMNS, ROWS_AT_ONCE, node_of


class Visited:
    """The visits of one crawl."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Take the walk's database, which the walk closes."""
        self._database = database
        self._has_retries = False

    def record(self, url: str, outcome: str, visit: bytes, place: Place) -> None:
        """Note a URL's outcome, and where its payload lies. The first one stays."""
        self._database.execute(
            "INSERT OR IGNORE INTO visits VALUES (?, ?, ?, ?, ?, ?)",
            (url, outcome, visit.decode(), place.segment, place.offset, place.size),
        )

    def replace(self, url: str, outcome: str, visit: bytes) -> None:
        """Note what a second look at a page says in place of the first."""
        self._database.execute(
            "UPDATE visits SET outcome = ?, visit = ? WHERE url = ?", (outcome, visit.decode(), url)
        )

    def forget(self, url: str) -> None:
        """Take a URL for unvisited."""
        self._database.execute("DELETE FROM visits WHERE url = ?", (url,))

    def visit_of(self, url: str) -> tuple[dict[str, Any], Place] | None:
        """Return what is known of a URL's visit."""
        row = self._database.execute(
            "SELECT visit, segment, offset, size FROM visits WHERE url = ?", (url,)
        ).fetchone()
        return None if row is None else (orjson.loads(row[0]), Place(*row[1:]))

    def rows(self, outcome: str | None = None) -> Iterator[list[tuple[Any, ...]]]:
        """Yield every URL, or those of one outcome, by URL and some at a time.

        Each is a tuple of PAGE_COLUMNS, the visit in JSON, and the three values of its payload's place.
        """
        last = ""
        while True:
            rows = self._database.execute(
                f"""
                SELECT {", ".join(PAGE_COLUMNS)}, visit, segment, offset, size
                FROM urls JOIN visits USING (url)
                WHERE urls.url > ? AND (? IS NULL OR outcome = ?) ORDER BY urls.url LIMIT {ROWS_AT_ONCE}
                """,  # noqa: S608
                (last, outcome, outcome),
            ).fetchall()
            if rows:
                yield rows
            if len(rows) < ROWS_AT_ONCE:
                return
            last = rows[-1][0]

    def counts(self) -> dict[str, int]:
        """Return outcome → number of URLs."""
        return dict(
            self._database.execute(
                "SELECT outcome, count(*) FROM urls JOIN visits USING (url) GROUP BY outcome"
            ).fetchall()
        )

    @property
    def finished(self) -> int:
        """The number of URLs that have their outcome."""
        number: int = self._database.execute("SELECT visits FROM counted").fetchone()[0]
        return number

    @property
    def payload_bytes(self) -> int:
        """The size of all payloads of this crawl."""
        query = "SELECT coalesce(sum(size), 0) FROM urls JOIN visits USING (url) WHERE size > 0"
        size: int = self._database.execute(query).fetchone()[0]
        return size

    def last_visit_of(self, url: str) -> LastVisit | None:
        """Return what the frontier knows of a URL's last visit."""
        row = self._database.execute(f"SELECT {NODE_COLUMNS} FROM urls WHERE url = ?", (url,)).fetchone()  # noqa: S608
        return None if row is None else node_of(row).last_visit

    def set_retry(self, url: str, state: Mapping[str, Any]) -> None:
        """Note how far the tries of a URL have come."""
        self._has_retries = True
        self._database.execute("INSERT OR REPLACE INTO retries VALUES (?, ?)", (url, orjson.dumps(state)))

    def retry_of(self, url: str) -> dict[str, Any] | None:
        """Return how far the tries of a URL have come, if it was tried."""
        if not self._has_retries:
            return None
        row = self._database.execute("SELECT state FROM retries WHERE url = ?", (url,)).fetchone()
        if row is None:
            return None
        state: dict[str, Any] = orjson.loads(row[0])
        return state

    def keep_links(self, date: dt.date, kept: Iterable[tuple[str, str, str]]) -> None:
        """Take the links that pages of an earlier date were found to have: URL, rule, links in JSON."""
        day = date.isoformat()
        self._database.executemany(
            "INSERT OR REPLACE INTO kept_links VALUES (?, ?, ?, ?)",
            ((url, day, rule, links) for url, rule, links in kept),
        )

    def kept_links(self, url: str, date: dt.date, rule: str) -> str | None:
        """Return the links of a page of an earlier date in JSON, if that very rule has read them."""
        row = self._database.execute(
            "SELECT links FROM kept_links WHERE url = ? AND date = ? AND rule = ?",
            (url, date.isoformat(), rule),
        ).fetchone()
        return None if row is None else row[0]

    def add_delivered(self, start: str, url: str) -> None:
        """Note that the job of a start URL delivered a page."""
        self._database.execute("INSERT OR IGNORE INTO delivered VALUES (?, ?)", (start, url))

    def delivered(self, start: str) -> list[str]:
        """Return the pages that the job of a start URL has delivered so far."""
        rows = self._database.execute("SELECT url FROM delivered WHERE start = ? ORDER BY url", (start,))
        return [url for (url,) in rows]
