"""Commits that meet others: tried again where another writer won.

What belongs here: what counts as a conflict, and how often it is tried again. What does not: what is
committed (tables.py, maintenance/).
"""

import time
from collections.abc import Callable
from typing import TypeVar

from deltalake.exceptions import CommitFailedError, DeltaError

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.objects import said

_Result = TypeVar("_Result")

MAX_COMMIT_RETRIES = 100
"""Of a commit that conflicts with no other one, as of another partition."""
WRITE_TRIES = 5


def retried(action: Callable[[], _Result], *, what: str, tries: int = WRITE_TRIES) -> _Result:
    """Run a commit again when another writer won: conflicts and racing creations are transient.

    Raises:
        TransientError: SINK, another writer won on every try, or the store cannot be written.
    """
    for attempt in range(tries):
        try:
            return action()
        except (CommitFailedError, DeltaError) as error:
            if attempt == tries - 1 or not _is_conflict(error):
                raise TransientError(
                    f"cannot {what}: {said(error)}", failure_domain=FailureDomain.SINK
                ) from None
            time.sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")


def _is_conflict(error: DeltaError) -> bool:
    text = str(error).lower()
    return isinstance(error, CommitFailedError) or "already exists" in text or "conflict" in text
