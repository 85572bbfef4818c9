"""The walk's scratch database: its tables, and the statements that need thought.

What belongs here: SQL, and the node that a row stands for. What does not: when it is executed (walk.py,
visited.py).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from webdata_assets.stages.crawl.node import LastVisit, Node

ROWS_AT_ONCE = 500

TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192; -- kilobytes
CREATE TABLE urls (
    url TEXT PRIMARY KEY, host TEXT, role TEXT, rule INTEGER, why TEXT, depth INTEGER,
    turn INTEGER, -- the level that visits it; null while a revisit waits to be named
    first_turn INTEGER, -- as turn, but for URLs that take another turn
    discovered_from TEXT, listed_modified TEXT,
    payload_hash TEXT, payload_date TEXT, etag TEXT, last_modified TEXT, visited_at TEXT
) WITHOUT ROWID;
CREATE INDEX turns ON urls (turn, host, url);
CREATE INDEX first_turns ON urls (first_turn, url);
CREATE TABLE visits (
    url TEXT PRIMARY KEY, outcome TEXT, visit TEXT, segment TEXT, offset INTEGER, size INTEGER
) WITHOUT ROWID;
CREATE TABLE delivered (start TEXT, url TEXT, PRIMARY KEY (start, url)) WITHOUT ROWID;
CREATE TABLE kept_links (
    url TEXT, date TEXT, rule TEXT, links TEXT, PRIMARY KEY (url, date)
) WITHOUT ROWID;
CREATE TABLE retries (url TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID;
CREATE TABLE earlier (host TEXT PRIMARY KEY, pages INTEGER) WITHOUT ROWID; -- of the levels before this one
-- counting rows reads all of them, and every level and every second asks how many there are
CREATE TABLE counted (urls INTEGER, visits INTEGER);
INSERT INTO counted VALUES (0, 0);
CREATE TRIGGER known AFTER INSERT ON urls BEGIN UPDATE counted SET urls = urls + 1; END;
CREATE TRIGGER visited AFTER INSERT ON visits BEGIN UPDATE counted SET visits = visits + 1; END;
CREATE TRIGGER forgotten AFTER DELETE ON visits BEGIN UPDATE counted SET visits = visits - 1; END;
BEGIN;
"""

NODE_COLUMNS = """
    urls.url, role, rule, why, depth, discovered_from, listed_modified,
    payload_hash, payload_date, etag, last_modified, visited_at
"""

PAGE_COLUMNS = ("url", "role", "rule", "why", "discovered_from", "depth")
"""What the pages table says of how a URL was found."""

INSERT_START = """
INSERT INTO urls VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, NULL, NULL, ?8, ?9, ?10, ?11, ?12)
"""

COUNT_EARLIER = """
INSERT INTO earlier SELECT host, count(*) FROM urls WHERE first_turn >= ? AND first_turn < ? GROUP BY host
ON CONFLICT (host) DO UPDATE SET pages = pages + excluded.pages
"""

# What two finds of one URL say together does not depend on their order: the first rule that reads the page
# for links governs it, the nearest finder is remembered, and a URL that was visited for its content takes
# another turn when it is to be read for links as well.
INSERT_FOUND = """
INSERT INTO urls (url, host, role, rule, why, depth, turn, first_turn, discovered_from, listed_modified)
VALUES (?1, ?2, ?3, ?4, 'link', ?5, ?6, ?6, ?7, ?8)
ON CONFLICT (url) DO UPDATE SET
    role = CASE
        WHEN turn IS NULL THEN excluded.role
        WHEN turn <= ?9 OR role <> excluded.role THEN 'both'
        ELSE role END,
    rule = CASE
        WHEN turn IS NULL OR turn <= ?9
            OR (excluded.role = 'content', excluded.rule) < (role = 'content', rule) THEN excluded.rule
        ELSE rule END,
    depth = CASE
        WHEN turn IS NULL THEN excluded.depth
        WHEN turn <= ?9 THEN depth
        ELSE min(depth, excluded.depth) END,
    discovered_from = CASE
        WHEN turn IS NULL THEN excluded.discovered_from
        WHEN turn <= ?9 THEN discovered_from
        WHEN (excluded.depth, excluded.discovered_from) < (depth, coalesce(discovered_from, ''))
            THEN excluded.discovered_from
        ELSE discovered_from END,
    listed_modified = max(coalesce(listed_modified, excluded.listed_modified),
                          coalesce(excluded.listed_modified, listed_modified)),
    first_turn = CASE
        WHEN turn IS NULL THEN excluded.turn
        WHEN turn <= ?9 THEN first_turn
        ELSE min(turn, excluded.turn) END,
    turn = CASE
        WHEN turn IS NULL OR turn <= ?9 THEN excluded.turn
        ELSE min(turn, excluded.turn) END
WHERE turn IS NULL
    OR (turn <= ?9 AND role = 'content' AND excluded.role <> 'content')
    OR (turn > ?9 AND (
        role <> excluded.role OR rule > excluded.rule OR depth > excluded.depth OR turn > excluded.turn
        OR coalesce(discovered_from, '') > excluded.discovered_from
        OR coalesce(listed_modified, '') < coalesce(excluded.listed_modified, '')))
"""


def node_of(row: Sequence[Any]) -> Node:
    """Return the node that a row of NODE_COLUMNS stands for."""
    url, role, rule, why, depth, discovered_from, listed, payload_hash, payload_date, etag, modified, at = row
    last_visit = None
    if payload_hash is not None:
        last_visit = LastVisit(
            payload_hash,
            dt.date.fromisoformat(payload_date),
            etag,
            modified,
            None if at is None else dt.datetime.fromisoformat(at),
        )
    return Node(
        url,
        role,
        rule,
        why,
        depth,
        discovered_from,
        last_visit,
        None if listed is None else dt.datetime.fromisoformat(listed),
    )
