"""The training set asset: labelled records with words, features and vectors, and their side of the split."""

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import SourcesResource, StoreResource, TaskResource
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.index.chunk_rows import of_one_model
from webdata_assets.stages.learn.split import TEST, TRAIN
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.store.derived import current_rows


@dg.asset(name="training_set", **describe(TRAINING_SET, kinds={"polars"}, code_version="2"))
def training_set(
    corpus: pl.DataFrame,
    features: pl.LazyFrame,
    embeddings: pl.LazyFrame,
    store: StoreResource,
    sources: SourcesResource,
    task: TaskResource,
) -> dg.Output[pl.DataFrame]:
    """Join the corpus with admitted features and vectors; the task says what the label is.

    Like the index, it leaves out chunks of another model that belong to sources which are not enabled.
    """
    wanted, opened = task.load(), store.open()
    chunks = current_rows(embeddings, EMBEDDINGS, corpus, opened)
    rows = build_training_set(
        corpus,
        current_rows(features, FEATURES, corpus, opened),
        of_one_model(chunks, sources.registry().enabled),
        wanted,
    )
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
