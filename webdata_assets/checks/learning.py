"""Checks of training set and model: trained on admitted data only, reproducible, better than guessing."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.classifier import Classifier


def labels(subject: Subject) -> Finding:
    """Compare the number of labels with 2: with fewer, nothing can be learnt and no model is trained."""
    count = subject.rows["label"].n_unique()
    detail = None if count >= 2 else "no model is trained: give records a `category` in extract.fields"
    return Finding(count >= 2, value=count, threshold=2, detail=detail)


def admitted_only(subject: Subject) -> Finding:
    """Return whether every row comes from a partition whose features and embeddings are both admitted."""
    rows = subject.rows.select("date", "source")
    outside = 0
    for name in ("features", "embeddings"):
        admitted = subject.store.ledger.admitted(TABLES[name])
        outside += rows.join(admitted, on=["date", "source"], how="anti").height
    return Finding(outside == 0, value=outside, threshold=0)


def one_champion(subject: Subject) -> Finding:
    """Return whether a registry with versions has exactly one champion, or none that was ever good enough."""
    champions = subject.rows.filter(pl.col("alias") == "champion").height
    return Finding(champions <= 1, value=champions, threshold=1)


def score_floor(subject: Subject) -> Finding:
    """Compare the champion's score with that of always answering the most frequent label."""
    champion = subject.rows.filter(pl.col("alias") == "champion")
    if champion.height == 0:
        return Finding(True, detail="there is no champion yet")
    score, floor = champion.item(0, "score"), champion.item(0, "baseline_score")
    return Finding(score >= floor, value=score, threshold=floor)


def artefacts_are_intact(subject: Subject) -> Finding:
    """Return whether every model that may be used loads, with the BLAKE3 that the registry records."""
    wrong = []
    for version, recorded in (
        subject.rows.filter(pl.col("alias") != "retired").select("version", "artefact_hash").iter_rows()
    ):
        try:
            found = Classifier.load(subject.store.location.model(version)).artefact_hash
        except PermanentError as error:
            wrong.append(str(error))
            continue
        if found != recorded:
            wrong.append(f"{version} has BLAKE3 {found[:16]}…, recorded was {recorded[:16]}…")
    return Finding(not wrong, value=len(wrong), threshold=0, detail="; ".join(wrong) or None)


CHECKS = (
    schema_check(TRAINING_SET),
    unique_keys_check(TRAINING_SET),
    Check("labels", TRAINING_SET, "Distinct labels ≥ 2.", labels),
    Check("admitted_only", TRAINING_SET, "Rows from partitions that are not admitted = 0.", admitted_only),
    schema_check(MODEL),
    unique_keys_check(MODEL),
    Check("one_champion", MODEL, "Champions ≤ 1.", one_champion),
    Check("score_floor", MODEL, "The champion's macro F1 ≥ that of the most frequent label.", score_floor),
    Check("artefact_hash", MODEL, "Usable models whose checksum differs = 0.", artefacts_are_intact),
)  # fmt: skip
