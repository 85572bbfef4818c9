"""Functions that Dask workers import by their names.

What belongs here: one behaviour each. What does not: assertions.
"""

import os
import time
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError


def shouted(text: str) -> bytes:
    """Return an answer that tells its input."""
    return text.upper().encode()


def process_of(_: object) -> int:
    """Return in which process this runs, after a moment in which another one may take the next input."""
    time.sleep(0.05)
    return os.getpid()


def refused(_: object) -> None:
    """Raise a typed error."""
    raise PermanentError("not like this", failure_domain=FailureDomain.PARSE)


def broken(given: int) -> float:
    """Raise a bug of Python's own for 0."""
    return 1 / given


def noted(folder: Path, number: int) -> int:
    """Leave a file that says who works on a number, and take a while."""
    (folder / f"{number}-{os.getpid()}").touch()
    time.sleep(0.5)
    return number
