"""Checks of the registry of models: what is or may come into use is good enough, and is what was trained."""

from collections.abc import Sequence

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.promotion import (
    champion_of,
    margin_limits,
    may_replace,
    no_slice_worse,
    no_worse,
    reproducible,
    slice_limits,
)
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.errors import PermanentError
from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.classifier import Classifier


def floor_limits(subject: Subject) -> Sequence[Limit]:
    """Return the floor that the champion was trained under."""
    is_set = subject.task is not None and subject.task.evaluation.floor is not None
    champion = _champion_row(subject)
    floor = float(champion.item(0, "floor")) if champion.height else None
    return (Limit(floor, "task file" if is_set else "default", "evaluation.floor", sense="≥"),)


def score_floor(subject: Subject) -> Finding:
    """The champion is worth using at all.

    Formula: the champion's score ≥ the floor that it was trained under.
    Default: the score of always answering the most frequent label.
    Severity: blocks.
    Source: the majority-class baseline (ZeroR); a model below it has learnt nothing.
    """
    (limit,) = floor_limits(subject)
    champion = _champion_row(subject)
    if limit.value is None:
        return Finding(True, detail="there is no champion yet")
    score = champion.item(0, "score")
    return Finding(score >= limit.value, value=score, threshold=limit.value, origin=limit.origin)


def artefacts_are_intact(subject: Subject) -> Finding:
    """The champion, and each model that may replace it, is the one that was registered.

    Formula: models whose files do not have the BLAKE3 of their registration = 0.
    Severity: blocks.
    Source: fixity checking of digital preservation (OAIS, ISO 14721).
    """
    champion = champion_of(subject)
    usable = subject.rows.filter((pl.col("version") == (champion or "")) | may_replace(champion))
    wrong = []
    for version, recorded in usable.select("version", "artefact_hash").iter_rows():
        try:
            subject.store.models.verify(version)
            found = Classifier.load(subject.store.models.fetch(version)).artefact_hash
        except PermanentError as error:
            wrong.append(str(error))
            continue
        if found != recorded:
            wrong.append(f"{version} has BLAKE3 {found[:16]}…, recorded was {recorded[:16]}…")
    remedy = ["restore the files, or go back with `webdata model rollback`"] if wrong else []
    return Finding(not wrong, value=len(wrong), threshold=0, detail="; ".join(wrong + remedy) or None)


def _champion_row(subject: Subject) -> pl.DataFrame:
    return subject.rows.filter(pl.col("version") == (champion_of(subject) or ""))


CHECKS = (
    schema_check(MODEL),
    unique_keys_check(MODEL),
    Check("score_floor", MODEL, "The champion's score ≥ its floor.", score_floor, floor_limits),
    Check(
        "artefact_hash", MODEL, "Models in use, or that may be, whose files are not those registered = 0.",
        artefacts_are_intact,
    ),
    Check(
        "no_worse", MODEL, "Score - champion's score ≥ -evaluation.margin, of what may come into use.",
        no_worse, margin_limits,
    ),
    Check(
        "no_slice_worse", MODEL, "The same on any slice of enough rows ≥ -evaluation.max_slice_fall.",
        no_slice_worse, slice_limits,
    ),
    Check(
        "reproducible", MODEL, "Models trained again on the rows of the training set that differ = 0.",
        reproducible,
    ),
)  # fmt: skip
