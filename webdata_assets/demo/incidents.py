"""The incidents in which requests are refused, and the only state that the demo has: how often.

What belongs here: refusals by date and path, and remembering them. What does not: content that changes by
date (shop.py, posts.py).
"""

import datetime as dt
import threading
from collections import Counter
from pathlib import Path

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
    """Counts requests by date, and refuses the ones that the script says.

    Args:
        memory: a file that remembers the counts, so that an incident which is over does not begin again when
            the site is started anew, as a real one would not.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        if memory is not None and memory.is_file():
            # a line that a kill cut short counts as another one, which nobody asks for
            self._seen.update(memory.read_text().splitlines())

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
        counted = f"{date} {what}"
        with self._lock:
            self._seen[counted] += 1
            if self._memory is not None:
                with self._memory.open("a") as file:
                    file.write(f"{counted}\n")
            return self._seen[counted]
