"""Checks of releases: the newest pair is whole."""

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas.release import RELEASE
from webdata_assets.stages.learn.pair import what_is_wrong
from webdata_assets.stages.learn.release import newest_release


def whole_pair(subject: Subject) -> Finding:
    """The newest pair's index state and model are there and have vectors of one encoder.

    Formula: newest pairs whose parts are missing, or do not belong together = 0.
    Severity: blocks.
    Source: no published rule; half a pair answers nothing.
    """
    release = newest_release(subject.rows)
    if release is None:
        return Finding(True, detail="nothing was released yet")
    problem = what_is_wrong(release, subject.index, subject.store.models.fetch)
    return Finding(
        problem is None,
        value=float(problem is not None),
        threshold=0,
        detail=problem,
        metrics={"release": float(release.release), "chunks": float(release.chunks)},
    )


CHECKS = (
    schema_check(RELEASE),
    unique_keys_check(RELEASE),
    Check(
        "whole_pair", RELEASE, "Newest pairs whose parts are missing, or do not belong together = 0.",
        whole_pair,
    ),
)  # fmt: skip
