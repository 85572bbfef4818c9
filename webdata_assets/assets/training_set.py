"""The training set asset: labelled records with features and vectors."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.training_set import build_training_set


@dg.asset(name="training_set", **describe(TRAINING_SET, kinds={"polars"}, code_version="1"))
def training_set(
    corpus: pl.DataFrame, features: pl.LazyFrame, embeddings: pl.LazyFrame
) -> dg.Output[pl.DataFrame]:
    """Join the corpus with admitted features and vectors; the category is the label."""
    rows = build_training_set(corpus, features.collect(), embeddings.collect())
    splits = dict(rows["split"].value_counts().iter_rows())
    return output(
        TRAINING_SET,
        rows,
        {
            "labels": rows["label"].n_unique(),
            **{f"{split}_rows": splits.get(split, 0) for split in ("train", "validation", "test")},
        },
    )
