"""Checks of the training set: admitted data only, two labels at least, no group on both sides."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.split import TEST, TRAIN, split_of

MIN_TEST_GROUPS = 5
_MIN_TEST_GROUPS = Limit(float(MIN_TEST_GROUPS), "default", sense="≥")
_TWO = Limit(2.0, sense="≥")


def labels(subject: Subject) -> Finding:
    """There is something to tell apart, on either side of the split.

    Formula: distinct labels on the poorer side ≥ 2; with fewer, nothing is learnt or judged.
    Severity: warns, so that a deployment without labels still indexes and delivers.
    Source: what a classifier is; no threshold to choose.
    """
    counts = {side: rows["label"].n_unique() for side, rows in _sides(subject).items()}
    detail = None
    if min(counts.values()) < 2:
        found = ", ".join(f"{count} on the {side} side" for side, count in counts.items())
        detail = f"labels: {found}; see where `label` of the task file takes them from"
    least = min(counts.values())
    return Finding(least >= 2, value=least, threshold=_TWO.value, detail=detail)


def split(subject: Subject) -> Finding:
    """What a model is judged on is not what it learnt from.

    Formula: rows whose group lies on both sides, or on another than its hash decides, = 0.
    Severity: blocks.
    Source: group leakage, as Kaufman et al., Leakage in Data Mining, 2012, describe it.
    """
    rows = subject.rows.select("group", "split")
    sides = pl.col("split").n_unique().over("group")
    wrong = rows.filter((sides > 1) | (pl.col("split") != split_of(rows["group"]))).height
    return Finding(wrong == 0, value=wrong, threshold=0)


def held_out_groups(subject: Subject) -> Finding:
    """The evaluation rests on more than a few sites.

    Formula: groups that models are judged on ≥ 5: the score of fewer says little about others.
    Default: 5.
    Severity: warns.
    Source: no published rule; with fewer clusters than five a bootstrap over them has hardly any draws.
    """
    groups = _sides(subject)[TEST]["group"].n_unique()
    by_site = subject.rows.filter(pl.col("group") != pl.col("record_id")).height > 0
    detail = None
    if groups < MIN_TEST_GROUPS:
        remedy = "add sources, or write `group_by: record` in the task file" if by_site else "add records"
        detail = f"the evaluation is weak, it rests on {groups} {'sites' if by_site else 'records'}: {remedy}"
    return Finding(
        groups >= MIN_TEST_GROUPS,
        value=groups,
        threshold=_MIN_TEST_GROUPS.value,
        detail=detail,
        origin=_MIN_TEST_GROUPS.origin,
    )


def _sides(subject: Subject) -> dict[str, pl.DataFrame]:
    return {side: subject.rows.filter(pl.col("split") == side) for side in (TRAIN, TEST)}


def admitted_only(subject: Subject) -> Finding:
    """Nothing is learnt from what its checks kept out.

    Formula: rows from partitions whose features or embeddings are not admitted = 0.
    Severity: blocks.
    Source: the admission ledger; no threshold to choose.
    """
    rows = subject.rows.select("date", "source")
    outside = 0
    for name in ("features", "embeddings"):
        admitted = subject.store.ledger.admitted(TABLES[name])
        outside += rows.join(admitted, on=["date", "source"], how="anti").height
    return Finding(outside == 0, value=outside, threshold=0)


CHECKS = (
    schema_check(TRAINING_SET),
    unique_keys_check(TRAINING_SET),
    Check(
        "labels", TRAINING_SET, "Distinct labels on either side of the split ≥ 2.", labels,
        lambda _subject: (_TWO,),
    ),
    Check("split", TRAINING_SET, "Rows whose group lies on both sides, or on the wrong one = 0.", split),
    Check(
        "held_out_groups", TRAINING_SET, "Groups on the test side ≥ 5.", held_out_groups,
        lambda _subject: (_MIN_TEST_GROUPS,),
    ),
    Check("admitted_only", TRAINING_SET, "Rows from partitions that are not admitted = 0.", admitted_only),
)  # fmt: skip
