"""What a contender is told to do: the same words for all of them.

What belongs here: the task and its file. What does not: doing it; this module imports nothing heavy.
"""

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path

USER_AGENT = "webdata-assets-benchmark/1.0"
ROW_GROUP_ROWS = 2_000
"""Pages in one row group of the output, for all contenders: what our pages table has."""
ZSTD_LEVEL = 3
FIRST_DAY = dt.date(2026, 6, 1)
SECOND_DAY = dt.date(2026, 6, 2)


@dataclass(frozen=True)
class Task:
    """One crawl.

    Attributes:
        output: folder of its own; a recrawl gets that of the first crawl.
        urls: to fetch, or with `follow` to start from.
        follow: whether to follow the links that match `allow`.
        allow: pattern of the links to follow.
        concurrency: requests in flight.
        frontier: Parquet file with the frontier, in place of `urls`; our own engine only.
        recrawl: whether this is the second day of the same pages; our own engine only.
        way: which of its HTTP clients the contender takes.
    """

    output: str
    urls: tuple[str, ...]
    follow: bool = False
    allow: str = ""
    concurrency: int = 16
    frontier: str | None = None
    recrawl: bool = False
    way: str = ""

    def save(self, file: Path) -> Path:
        """Write the task to a file and return it."""
        file.write_text(json.dumps(asdict(self)))
        return file

    @classmethod
    def load(cls, file: str) -> "Task":
        """Read a task that was saved."""
        values = json.loads(Path(file).read_text())
        return cls(**values | {"urls": tuple(values["urls"])})
