"""The JSON API: reviews, listed with a cursor.

What belongs here: paths and JSON of the API. What does not: which reviews exist (reviews.py).
"""

import base64
import binascii
import dataclasses
import datetime as dt
from collections.abc import Mapping

from webdata_assets.demo.reply import Reply, json_reply, robots
from webdata_assets.demo.reviews import reviews_on

HOST = "api.demo.test"
LISTING = "/v1/reviews"
DEFAULT_LIMIT, MAX_LIMIT = 10, 50


def respond(path: str, query: Mapping[str, str], date: dt.date) -> Reply:
    """Return what the API answers to a path on a date."""
    match path:
        case "/robots.txt":
            return robots()
        case "/v1/reviews":
            return _reviews(query, date)
    return json_reply({"error": f"no such resource: {path}"}, status=404)


def _reviews(query: Mapping[str, str], date: dt.date) -> Reply:
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if limit not in map(str, range(1, MAX_LIMIT + 1)):
        return json_reply({"error": f"limit must be 1 to {MAX_LIMIT}"}, status=400)
    reviews = reviews_on(date)
    last_seen = _decode(query["cursor"]) if "cursor" in query else ""
    if last_seen is None:
        return json_reply({"error": "cursor was not given by this API"}, status=400)
    following = [review for review in reviews if review.id > last_seen]
    shown = following[: int(limit)]
    more = len(following) > len(shown)
    items = [{**dataclasses.asdict(review), "created_at": review.created_at.isoformat()} for review in shown]
    return json_reply({"items": items, "next_cursor": _encode(shown[-1].id) if more else None})


def _encode(review_id: str) -> str:
    """Return the cursor that continues after a review."""
    return base64.urlsafe_b64encode(f"after:{review_id}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> str | None:
    """Return the review that a cursor continues after, or None for a cursor that was made up."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return None
    return text.removeprefix("after:") if text.startswith("after:") else None
