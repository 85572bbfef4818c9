"""The incidents in which requests are refused, and the only state that the demo has: how often.

What belongs here: refusals by date and path. What does not: content that changes by date (shop.py,
posts.py).
"""

import datetime as dt
import threading
from collections import Counter

from webdata_assets.demo import api, blog, shop
from webdata_assets.demo.calendar import Incident, happens
from webdata_assets.demo.posts import broken_paths
from webdata_assets.demo.reply import TEXT, Reply

OUTAGE_REFUSALS = 2
"""Requests of each API listing page that answer 503 on the day of the outage."""
BURST_REFUSALS = 5
"""Requests to the shop that answer 429 on the day of the burst."""
RETRY_AFTER_SECONDS = 1


class Refusals:
    """Counts requests by date, and refuses the ones that the script says."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[dt.date, str]] = Counter()
        self._lock = threading.Lock()

    def refuse(self, host: str, path: str, query_string: str, date: dt.date) -> Reply | None:
        """Return the refusal of one request, or None when it is to be answered."""
        if path == "/robots.txt":
            return None
        if host == api.HOST and happens(Incident.API_OUTAGE, date) and path == api.LISTING:
            if self._count(date, f"{path}?{query_string}") <= OUTAGE_REFUSALS:
                return Reply(b"out of service\n", TEXT, 503)
        elif host == shop.HOST and happens(Incident.SHOP_BURST, date):
            if self._count(date, host) <= BURST_REFUSALS:
                return Reply(b"slow down\n", TEXT, 429, {"Retry-After": str(RETRY_AFTER_SECONDS)})
        elif host == blog.HOST and path in broken_paths(date):
            return Reply(b"this post is being moved\n", TEXT, 503)
        return None

    def _count(self, date: dt.date, what: str) -> int:
        with self._lock:
            self._seen[date, what] += 1
            return self._seen[date, what]
