"""Releases as readers see them: the newest promoted pair whose checks passed; and what people decide on them.

What belongs here: which row counts, how many to keep, and storing decisions. What does not: deciding on a
release (stages/learn/release.py), and opening what it names (serving/).
"""

import datetime as dt
from typing import Literal

import polars as pl

from webdata_assets.errors import NotAdmittedError
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.release_decisions import RELEASE_DECISIONS
from webdata_assets.stages.learn.release import Release, newest_release
from webdata_assets.store.store import Store, data_version

__all__ = [
    "KEPT_RELEASES",
    "SNAPSHOT_DIGITS",
    "Release",
    "admitted_release",
    "current_release",
    "decide_release",
    "newest_release",
]

KEPT_RELEASES = 10
"""So many pairs can be rolled back to; the index forgets older states."""

SNAPSHOT_DIGITS = 16
"""Of the manifest's data version: the name of a state of the index."""

Decision = Literal["promote", "rollback"]


def admitted_release(store: Store) -> Release | None:
    """Return the newest release that its checks have passed; None where there is none yet.

    A pair that was written and not judged yet, as by a run that died, is passed over: the one before it stays
    in use.
    """
    rows = store.tables.read(RELEASE).sort("release")
    for held in range(rows.height, max(0, rows.height - KEPT_RELEASES), -1):
        # rows are only ever added: the first ones are the table as it was when they were judged
        if store.ledger.passed(RELEASE, data_version(RELEASE, rows.head(held))):
            return newest_release(rows.head(held))
    return None


def current_release(store: Store) -> Release:
    """Return the newest release that its checks have passed, as `admitted_release` does.

    Raises:
        NotAdmittedError: there is none yet.
    """
    release = admitted_release(store)
    if release is None:
        raise NotAdmittedError(
            "nothing was released yet: run a partition, then `webdata publish` makes an index and a release"
        )
    return release


def decide_release(
    store: Store,
    decision: Decision,
    *,
    model_version: str | None,
    index_snapshot: str | None,
    left: Release,
    by: str,
    reason: str | None,
) -> None:
    """Append a decision; the next materialization of `release` carries it out.

    Args:
        model_version: the model that shall be champion; None for none.
        index_snapshot: the state of the index that shall be searched; None to leave the one in use.
        left: the release in use; what of it is not wanted any more does not come back by itself.
        by: who decided.
        reason: why, in the person's words.
    """
    newest = store.tables.scan(RELEASE_DECISIONS).select(pl.col("at").max()).collect().item()
    # a clock that was set back must not reorder decisions, nor put one before the release that it leaves
    earlier = [left.released_at, *([] if newest is None else [newest])]
    at = max(store.ledger.now(), max(earlier) + dt.timedelta(microseconds=1))
    leaves_model = left.model_version != model_version
    leaves_index = index_snapshot is not None and left.index_snapshot != index_snapshot
    row = {
        "at": at,
        "decision": decision,
        "model_version": model_version,
        "index_snapshot": index_snapshot,
        "left_model_version": left.model_version if leaves_model else None,
        "left_index_snapshot": left.index_snapshot if leaves_index else None,
        "reason": reason,
        "decided_by": by,
    }
    store.tables.append(RELEASE_DECISIONS, pl.DataFrame([row], schema=RELEASE_DECISIONS.polars_schema))
