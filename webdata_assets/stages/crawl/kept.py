"""Kept pages: what a partition has already, handed to the crawl that repairs it through the spool.

What belongs here: which stored visits stand, and the spool that is made of them. What does not: going on from
a spool (crawler.py), and where stored pages come from (store/).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import polars as pl
from blake3 import blake3

from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.retry import GONE
from webdata_assets.stages.crawl.rows import Visit, links_from_json, visit_to_json
from webdata_assets.stages.crawl.spool import Spool

_NOTE = "kept pages"
_SAME = (
    "outcome", "reason", "final_url", "http_status", "via", "content_type", "etag", "last_modified",
    "payload_bytes", "payload_hash", "payload_date", "attempts", "elapsed_ms", "fetched_at", "observed_at",
    "links_rule",
)  # fmt: skip
"""What a row of pages and a visit tell under the same name."""


def keep_pages(
    spool: Spool,
    source: Source,
    stored: Iterable[pl.DataFrame],
    load_binary: Callable[[str], bytes],
    is_kept: Callable[[Mapping[str, Any]], bool] | None = None,
) -> int:
    """Fill a spool anew with the stored visits that stand; return how many do.

    A crawl with that spool requests what failed, was deferred or is missing, and nothing else. Visits stand
    that reached their page, or whose answer said that there is none. Left out are pages whose bytes do not
    have the recorded hash; those that only look gone (soft 404); and lists that name nothing, since an empty
    list is more often a fault than the truth. A source with jobs is left to its spool: what a job delivers
    cannot be asked for page by page.

    Args:
        spool: of the partition. What it holds is dropped, unless a repair that was killed has filled it.
        source: of the partition.
        stored: its rows of pages, in parts.
        load_binary: gives the bytes of a hash; LookupError or another hash's bytes mean that they are lost.
        is_kept: whether a row is to be kept, if it stands; every one, if not given.
    """
    if any(isinstance(rule, DiscoverJob) for rule in source.fetch.discover):
        return 0
    note = spool.read_note(_NOTE)
    if note is not None and not note["ended"]:
        return int(note["kept"])
    spool.drop()
    kept = 0
    for part in stored:
        entries = []
        for row in part.iter_rows(named=True):
            if is_kept is not None and not is_kept(row):
                continue
            body = _body(row, load_binary)
            if _stands(row, body):
                entries.append((_entry(row), body))
        if entries:
            spool.append(entries)
            kept += len(entries)
    spool.close()
    spool.note(_NOTE, {"kept": kept, "ended": False})
    return kept


def end_keeping(spool: Spool) -> None:
    """Note that the crawl of a filled spool has ended, paused: the next repair fills it anew."""
    note = spool.read_note(_NOTE)
    if note is not None:
        spool.note(_NOTE, note | {"ended": True})


def _body(row: Mapping[str, Any], load_binary: Callable[[str], bytes]) -> bytes | None:
    if row["outcome"] != "fetched":
        return None
    try:
        body: bytes | None = load_binary(row["payload_hash"]) if row["in_blobs"] else row["payload"]
    except LookupError:
        return None
    return body if body is not None and blake3(body).hexdigest() == row["payload_hash"] else None


def _stands(row: Mapping[str, Any], body: bytes | None) -> bool:
    if row["role"] == "discovery" and row["links"] == "[]":
        return False
    match row["outcome"]:
        case "fetched":
            return body is not None
        case "unchanged":
            return True
        case "gone":
            return row["http_status"] in GONE
        case "skipped":
            # the site has answered, as with a redirect that leads out of scope
            return row["http_status"] is not None
        case _:
            return False


def _entry(row: Mapping[str, Any]) -> bytes:
    links = None if row["links"] is None else links_from_json(row["links"])
    visit = Visit(**{name: row[name] for name in _SAME}, links=links)
    return orjson.dumps({"url": row["url"], **visit_to_json(visit)})
