"""Checks of the registry of models: what is or may come into use is good enough, and is what was trained."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.errors import PermanentError
from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.store.releases import admitted_release


def score_floor(subject: Subject) -> Finding:
    """Compare the champion's score with the floor that it was trained under."""
    champion = subject.rows.filter(pl.col("version") == (_champion(subject) or ""))
    if champion.height == 0:
        return Finding(True, detail="there is no champion yet")
    score, floor = champion.item(0, "score"), champion.item(0, "floor")
    return Finding(score >= floor, value=score, threshold=floor)


def artefacts_are_intact(subject: Subject) -> Finding:
    """Return whether the champion, and each model that may replace it, has the BLAKE3 of its registration."""
    champion = _champion(subject)
    may_replace = pl.col("promotable") & pl.col("parent").eq_missing(pl.lit(champion, pl.String))
    usable = subject.rows.filter((pl.col("version") == (champion or "")) | may_replace)
    wrong = []
    for version, recorded in usable.select("version", "artefact_hash").iter_rows():
        try:
            found = Classifier.load(subject.store.location.model(version)).artefact_hash
        except PermanentError as error:
            wrong.append(str(error))
            continue
        if found != recorded:
            wrong.append(f"{version} has BLAKE3 {found[:16]}…, recorded was {recorded[:16]}…")
    remedy = ["restore the files, or go back with `webdata model rollback`"] if wrong else []
    return Finding(not wrong, value=len(wrong), threshold=0, detail="; ".join(wrong + remedy) or None)


def _champion(subject: Subject) -> str | None:
    release = admitted_release(subject.store)
    return release.model_version if release else None


CHECKS = (
    schema_check(MODEL),
    unique_keys_check(MODEL),
    Check("score_floor", MODEL, "The champion's score ≥ its floor.", score_floor),
    Check(
        "artefact_hash", MODEL, "Models in use, or that may be, whose files are not those registered = 0.",
        artefacts_are_intact,
    ),
)  # fmt: skip
