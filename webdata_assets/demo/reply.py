"""What a site answers, as a value, and how conditional requests are answered.

What belongs here: the reply, validators, and the frame of an HTML page. What does not: sockets (server.py).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime, parsedate_to_datetime
from html import escape

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
XML = "application/xml; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def page(title: str, body: str, *, head: str = "", status: int = 200) -> Reply:
    """Return an HTML page. The title is escaped here; `head` and `body` are HTML."""
    html = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"{head}</head>\n<body>\n{body}</body>\n</html>\n"
    )
    return Reply(html.encode(), status=status)


def json_reply(value: object, *, status: int = 200) -> Reply:
    """Return a JSON document."""
    return Reply(json.dumps(value, ensure_ascii=False).encode(), JSON, status)


def robots(*, sitemap: str | None = None) -> Reply:
    """Return a robots.txt that closes /admin and nothing else."""
    lines = ["User-agent: *", "Disallow: /admin", *([f"\nSitemap: {sitemap}"] if sitemap else [])]
    return Reply(("\n".join(lines) + "\n").encode(), TEXT)


def not_found() -> Reply:
    """Return the page for a path that does not exist, or no longer."""
    return page("Not found", "<main><h1>Not found</h1></main>\n", status=404)


def with_validators(reply: Reply, *, modified_at: dt.datetime | None = None) -> Reply:
    """Return the reply with an ETag made of its content, and Last-Modified where a moment is given."""
    headers = {**reply.headers, "ETag": f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'}
    if modified_at is not None:
        headers["Last-Modified"] = format_datetime(modified_at, usegmt=True)
    return replace(reply, headers=headers)


def answer_condition(reply: Reply, *, if_none_match: str | None, if_modified_since: str | None) -> Reply:
    """Return 304 without a body when the visitor's copy is current (RFC 9110, section 13.2.2)."""
    if reply.status != 200:
        return reply
    etag, last_modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
    if if_none_match is not None:
        known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        current = etag is not None and (etag in known or "*" in known)
    elif if_modified_since is not None and last_modified is not None:
        current = _is_not_newer(last_modified, if_modified_since)
    else:
        current = False
    return replace(reply, body=b"", status=304) if current else reply


def _is_not_newer(last_modified: str, since: str) -> bool:
    try:
        return parsedate_to_datetime(last_modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False  # RFC 9110 asks to ignore a date that cannot be read
