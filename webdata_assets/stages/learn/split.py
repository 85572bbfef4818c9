"""The split: which records a model learns from, and on which it is judged.

What belongs here: groups, and their side for ever. What does not: which records there are (training_set.py).
"""

from typing import Literal

import polars as pl
from blake3 import blake3

TRAIN, TEST = "train", "test"
_TEST_ONE_IN = 5
_DIGITS = 8
_HOST = r"^[a-z]+://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]+)"

GroupBy = Literal["site", "record"]


def group(by: GroupBy) -> pl.Expr:
    """Return what lies on one side of the split as a whole, from `url` and `record_id`.

    A site is the host of the record's URL without a leading `www.`: hosts of one owner that differ otherwise,
    such as `blog.example.com` and `example.com`, are two sites.
    """
    host = pl.col("url").str.extract(_HOST).str.to_lowercase().str.strip_prefix("www.")
    return (host if by == "site" else pl.col("record_id")).alias("group")


def split_of(groups: pl.Series) -> pl.Series:
    """Return `train` or `test` for each group, about 80 / 20.

    The first 32 bits of the BLAKE3 of the group's name modulo 5 decide, 0 is test: a group keeps its side
    whatever else there is.
    """
    names = groups.unique()
    sides = [
        TEST if int(blake3(name.encode()).hexdigest()[:_DIGITS], 16) % _TEST_ONE_IN == 0 else TRAIN
        for name in names
    ]
    return groups.replace_strict(names, pl.Series(sides, dtype=pl.String), return_dtype=pl.String).alias(
        "split"
    )
