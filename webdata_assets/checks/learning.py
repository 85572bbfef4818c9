"""Checks of the training set: admitted data only, two labels at least, no group on both sides."""

import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.tables import schema_check, unique_keys_check
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.split import TEST, TRAIN, split_of

MIN_TEST_GROUPS = 5


def labels(subject: Subject) -> Finding:
    """Compare the labels on the poorer side of the split with 2: with fewer, nothing is learnt or judged."""
    counts = {side: rows["label"].n_unique() for side, rows in _sides(subject).items()}
    detail = None
    if min(counts.values()) < 2:
        found = ", ".join(f"{count} on the {side} side" for side, count in counts.items())
        detail = f"labels: {found}; see where `label` of the task file takes them from"
    return Finding(min(counts.values()) >= 2, value=min(counts.values()), threshold=2, detail=detail)


def split(subject: Subject) -> Finding:
    """Return whether each group lies on one side as a whole, and on the one that its hash decides."""
    rows = subject.rows.select("group", "split")
    sides = pl.col("split").n_unique().over("group")
    wrong = rows.filter((sides > 1) | (pl.col("split") != split_of(rows["group"]))).height
    return Finding(wrong == 0, value=wrong, threshold=0)


def held_out_groups(subject: Subject) -> Finding:
    """Compare the groups that models are judged on with 5: the score of fewer says little about others."""
    groups = _sides(subject)[TEST]["group"].n_unique()
    by_site = subject.rows.filter(pl.col("group") != pl.col("record_id")).height > 0
    detail = None
    if groups < MIN_TEST_GROUPS:
        remedy = "add sources, or write `group_by: record` in the task file" if by_site else "add records"
        detail = f"the evaluation is weak, it rests on {groups} {'sites' if by_site else 'records'}: {remedy}"
    return Finding(groups >= MIN_TEST_GROUPS, value=groups, threshold=MIN_TEST_GROUPS, detail=detail)


def _sides(subject: Subject) -> dict[str, pl.DataFrame]:
    return {side: subject.rows.filter(pl.col("split") == side) for side in (TRAIN, TEST)}


def admitted_only(subject: Subject) -> Finding:
    """Return whether every row comes from a partition whose features and embeddings are both admitted."""
    rows = subject.rows.select("date", "source")
    outside = 0
    for name in ("features", "embeddings"):
        admitted = subject.store.ledger.admitted(TABLES[name])
        outside += rows.join(admitted, on=["date", "source"], how="anti").height
    return Finding(outside == 0, value=outside, threshold=0)


CHECKS = (
    schema_check(TRAINING_SET),
    unique_keys_check(TRAINING_SET),
    Check("labels", TRAINING_SET, "Distinct labels on either side of the split ≥ 2.", labels),
    Check("split", TRAINING_SET, "Rows whose group lies on both sides, or on the wrong one = 0.", split),
    Check("held_out_groups", TRAINING_SET, "Groups on the test side ≥ 5.", held_out_groups),
    Check("admitted_only", TRAINING_SET, "Rows from partitions that are not admitted = 0.", admitted_only),
)  # fmt: skip
