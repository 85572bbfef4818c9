"""The walk: which URLs a crawl knows, in which order it visits them, and which have left their lists.

What belongs here: breadth-first order and the merging of several finds of one URL, independent of timing.
What does not: visiting (visit.py), what a visit gave (visited.py), and reading pages (discovery/).

All of it lies in a scratch database on disk, so that a frontier of millions takes no more memory than one of
thousands. The database is made anew by each run, from the frontier and the spool.
"""

import datetime as dt
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from webdata_assets.sources.discover import (
    DiscoverApi,
    DiscoverFiles,
    DiscoverJob,
    DiscoverLinks,
    DiscoverListing,
    DiscoverSitemap,
    DiscoverUrls,
)
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.discovery import Found, keep_recent
from webdata_assets.stages.crawl.node import Node, host_of_canonical
from webdata_assets.stages.crawl.visited import Visited
from webdata_assets.stages.crawl.walk_sql import (
    COUNT_EARLIER,
    INSERT_FOUND,
    INSERT_START,
    NODE_COLUMNS,
    ROWS_AT_ONCE,
    TABLES,
    node_of,
)

_COMPLETE = (DiscoverUrls, DiscoverListing, DiscoverSitemap, DiscoverApi, DiscoverFiles, DiscoverJob)
"""Rules that name all of their pages, so that a page which they name no longer is gone."""


class Walk:
    """Hands out URLs by depth, each once, so that a URL's depth is its shortest path.

    Attributes:
        visited: what the visits gave.
    """

    def __init__(
        self,
        source: Source,
        date: dt.date,
        frontier: pl.DataFrame | Iterable[pl.DataFrame],
        scratch: Path,
    ) -> None:
        """Begin with a frontier.

        Revisits under rules that name all of their pages wait until they are named again.

        Args:
            source: its rules govern the URLs.
            date: the partition's, which the age of a listed page is told by.
            frontier: whole, or in parts.
            scratch: a folder for the database, which has no name there and ends with the process.
        """
        self._rules = source.fetch.discover
        self._date = date
        self._level = -1
        self._earlier = self._counted_to = 0
        self._broken: set[int] = set()
        self._naming: set[int] = set()
        scratch.mkdir(parents=True, exist_ok=True)
        file = scratch / f"walk-{uuid.uuid4().hex}.sqlite"
        # handed from thread to thread, and never used by two at once
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.executescript(TABLES)
        # open, it lives on; and a killed process leaves nothing behind
        file.unlink()
        self.visited = Visited(self._database)
        for part in [frontier] if isinstance(frontier, pl.DataFrame) else frontier:
            for rows in part.iter_slices(ROWS_AT_ONCE):
                self._database.executemany(
                    INSERT_START, (self._starting(row) for row in rows.iter_rows(named=True))
                )

    def close(self) -> None:
        """Release the scratch database."""
        self._database.close()

    def __len__(self) -> int:
        """The number of URLs known so far."""
        return self._number("SELECT urls FROM counted")

    def begin_level(self) -> list[str]:
        """Begin with the URLs of the next depth; return their hosts, none when all is visited."""
        level = self._database.execute(
            "SELECT min(turn) FROM urls WHERE turn > ?", (self._level,)
        ).fetchone()[0]
        if level is None:
            return []
        self._level = level
        return [
            host
            for (host,) in self._database.execute("SELECT DISTINCT host FROM urls WHERE turn = ?", (level,))
        ]

    def cap_level(self, cap: int, per_host: int | None) -> bool:
        """Settle those URLs of the level that the caps leave no place for; return whether there are any.

        Args:
            cap: pages of the crawl, `fetch.max_pages`. The URLs that come first in their order are kept.
            per_host: pages of one host, `fetch.max_pages_per_host`.
        """
        self._count_earlier(by_host=per_host is not None)
        capped = 0
        if per_host is not None:
            capped += self._settle(
                "skipped",
                f"the cap of {per_host} pages of one host (fetch.max_pages_per_host) is reached",
                """
                SELECT url FROM (
                    SELECT url, coalesce(pages, 0)
                        + row_number() OVER (PARTITION BY host ORDER BY url) AS place
                    FROM urls LEFT JOIN earlier USING (host) WHERE first_turn = :level
                ) WHERE place > :cap
                """,
                {"level": self._level, "cap": per_host},
            )
        capped += self._settle(
            "skipped",
            f"the cap of {cap} pages (fetch.max_pages) is reached",
            "SELECT url FROM urls WHERE first_turn = :level ORDER BY url LIMIT -1 OFFSET :places",
            {"level": self._level, "places": max(0, cap - self._earlier)},
        )
        return capped > 0

    def _count_earlier(self, *, by_host: bool) -> None:
        """Add what came to the levels before this one since it was last counted: each level counts once."""
        between = (self._counted_to, self._level)
        self._earlier += self._number(
            "SELECT count(*) FROM urls WHERE first_turn >= ? AND first_turn < ?", *between
        )
        if by_host:
            self._database.execute(COUNT_EARLIER, between)
        self._counted_to = self._level

    def level_of(self, host: str) -> Iterator[tuple[Node, bool]]:
        """Yield the level's URLs of one host that are to be visited, or only read for links, by URL.

        The second value says whether the URL was visited already.
        """
        last = ""
        while True:
            rows = self._database.execute(
                f"""
                SELECT {NODE_COLUMNS}, outcome IS NOT NULL FROM urls LEFT JOIN visits USING (url)
                WHERE turn = ? AND host = ? AND urls.url > ?
                    AND (outcome IS NULL OR (role <> 'content' AND outcome IN ('fetched', 'unchanged')))
                ORDER BY urls.url LIMIT {ROWS_AT_ONCE}
                """,  # noqa: S608
                (self._level, host, last),
            ).fetchall()
            for row in rows:
                yield node_of(row[:-1]), bool(row[-1])
            if len(rows) < ROWS_AT_ONCE:
                return
            last = rows[-1][0]

    def add(self, parent: Node, found: Iterable[Found]) -> None:
        """Take the URLs that a visited page names.

        Those that the rule finds too old are left out, unless they were visited before.
        """
        rule = self._rules[parent.rule]
        named = list(found)
        recent = keep_recent(rule, named, self._date)
        if len(recent) < len(named):
            known = set(recent)
            recent += [item for item in named if item not in known and self._waits_to_be_named(item.url)]
        depth = parent.depth + 1
        turn = max(depth, self._level + 1)
        is_too_deep = (isinstance(rule, DiscoverLinks) and depth > rule.max_depth) or (
            # the listing's first page has depth 0
            isinstance(rule, DiscoverApi) and depth >= rule.max_listing_pages
        )
        rows = []
        for item in recent:
            if item.role != "discovery":
                self._naming.add(parent.rule)
            if not is_too_deep:
                moment = item.last_modified
                rows.append(
                    (
                        item.url,
                        host_of_canonical(item.url),
                        item.role,
                        parent.rule,
                        depth,
                        turn,
                        parent.url,
                        None if moment is None else _sortable(moment),
                        self._level,
                    )
                )
        self._database.executemany(INSERT_FOUND, rows)

    def end_level(self) -> None:
        """Note which rules' lists are not whole: a page that is read for links was not reached."""
        unreached = self._database.execute(
            """
            SELECT DISTINCT rule FROM urls LEFT JOIN visits USING (url)
            WHERE turn = ? AND role <> 'content' AND coalesce(outcome, '') NOT IN ('fetched', 'unchanged')
            """,
            (self._level,),
        )
        self._broken.update(rule for (rule,) in unreached)

    def release_unnamed(self) -> bool:
        """Queue the revisits whose rule did not name all of its pages; return whether there are any.

        A rule that names nothing is taken for broken too: an empty list is more often a fault than the truth.
        """
        whole = self._naming - self._broken
        rules = [index for index, rule in enumerate(self._rules) if index not in whole]
        waiting = [index for index in rules if not isinstance(self._rules[index], DiscoverJob)]
        marks = ", ".join(f"?{position}" for position in range(2, len(waiting) + 2))
        released = self._database.execute(
            f"""
            UPDATE urls SET turn = max(depth, ?1), first_turn = max(depth, ?1)
            WHERE turn IS NULL AND rule IN ({marks})
            """,  # noqa: S608
            (self._level + 1, *waiting),
        ).rowcount
        return released > 0

    def settle_unnamed(self) -> None:
        """Give the revisits that no list names any more their outcome."""
        for index, rule in enumerate(self._rules):
            whole = index in self._naming - self._broken
            is_job = isinstance(rule, DiscoverJob)
            self._settle(
                "gone" if whole else "skipped",
                "no longer listed" if whole or not is_job else "the job did not deliver it",
                "SELECT url FROM urls WHERE turn IS NULL AND rule = :rule",
                {"rule": index},
            )

    def settle_host(self, host: str, reason: str) -> None:
        """Leave the level's URLs of a host that have no outcome for a later run."""
        self._settle(
            "deferred",
            reason,
            "SELECT url FROM urls WHERE turn = :level AND host = :host",
            {"level": self._level, "host": host},
        )

    def settle_rest(self, reason: str) -> None:
        """Leave every URL without an outcome for a later run."""
        self._settle("deferred", reason, "SELECT url FROM urls", {})

    def _settle(self, outcome: str, reason: str, urls: str, values: dict[str, Any]) -> int:
        return self._database.execute(
            f"""
            INSERT OR IGNORE INTO visits SELECT url, :outcome, :visit, '', 0, -1 FROM ({urls})
            """,  # noqa: S608
            values
            | {"outcome": outcome, "visit": orjson.dumps({"outcome": outcome, "reason": reason}).decode()},
        ).rowcount

    def _starting(self, row: dict[str, Any]) -> Sequence[Any]:
        waits = row["why"] == "revisit" and isinstance(self._rules[row["discovery"]], _COMPLETE)
        if not waits and row["role"] != "discovery":
            self._naming.add(row["discovery"])
        payload_date, visited_at = row["payload_date"], row["visited_at"]
        return (
            row["url"],
            host_of_canonical(row["url"]),
            row["role"],
            row["discovery"],
            row["why"],
            row["depth"],
            None if waits else row["depth"],
            row["payload_hash"],
            None if payload_date is None else payload_date.isoformat(),
            row["etag"],
            row["last_modified"],
            None if visited_at is None else visited_at.isoformat(),
        )

    def _waits_to_be_named(self, url: str) -> bool:
        return self._number("SELECT count(*) FROM urls WHERE url = ? AND turn IS NULL", url) > 0

    def _number(self, query: str, *values: object) -> int:
        number: int = self._database.execute(query, values).fetchone()[0]
        return number


def _sortable(moment: dt.datetime) -> str:
    """Return a moment as text that sorts as the moments do."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
