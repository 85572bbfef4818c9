"""The training set asset: labelled records with words, features and vectors, and their side of the split."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import TaskResource
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.learn.split import TEST, TRAIN
from webdata_assets.stages.learn.training_set import build_training_set


@dg.asset(name="training_set", **describe(TRAINING_SET, kinds={"polars"}, code_version="2"))
def training_set(
    corpus: pl.DataFrame, features: pl.LazyFrame, embeddings: pl.LazyFrame, task: TaskResource
) -> dg.Output[pl.DataFrame]:
    """Join the corpus with admitted features and vectors; the task says what the label is."""
    wanted = task.load()
    rows = build_training_set(corpus, features.collect(), embeddings.collect(), wanted)
    sides = {side: rows.filter(pl.col("split") == side) for side in (TRAIN, TEST)}
    return output(
        TRAINING_SET,
        rows,
        {
            "task": dg.MetadataValue.text(wanted.name),
            "labels": rows["label"].n_unique(),
            "groups_are": dg.MetadataValue.text(f"{wanted.evaluation.group_by}s"),
            **{f"{side}_rows": some.height for side, some in sides.items()},
            **{f"{side}_groups": some["group"].n_unique() for side, some in sides.items()},
            **{f"{side}_labels": some["label"].n_unique() for side, some in sides.items()},
        },
    )
