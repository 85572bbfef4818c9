"""The demo's access log, so that a test can say what was asked for and what was not.

What belongs here: recording requests. What does not: answering them (server.py).
"""

import dataclasses
import json
import threading
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Visit:
    """One request and the status it got."""

    sequence: int
    """Counts up from 1 over the life of the site."""
    host: str
    path: str
    """With the query string."""
    as_of: str
    """The date that was served, `YYYY-MM-DD`; empty when the request named none that can be read."""
    status: int
    user_agent: str
    conditional: bool
    """Whether the request carried If-None-Match or If-Modified-Since."""


class VisitLog:
    """Every visit in order, in memory and, where a path is given, appended to a file of JSON lines."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._visits: list[Visit] = []
        self._sequence = 0
        self._lock = threading.Lock()

    def record(
        self, *, host: str, path: str, as_of: str, status: int, user_agent: str, conditional: bool
    ) -> None:
        """Add one visit."""
        with self._lock:
            self._sequence += 1
            visit = Visit(self._sequence, host, path, as_of, status, user_agent, conditional)
            self._visits.append(visit)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(dataclasses.asdict(visit)) + "\n")

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The visits since the start, or since the log was cleared."""
        with self._lock:
            return tuple(self._visits)

    def clear(self) -> None:
        """Forget the visits in memory. The file and the sequence go on."""
        with self._lock:
            self._visits.clear()
