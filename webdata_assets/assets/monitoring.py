"""The monitoring asset: has the world moved away from what the champion learnt?"""

from datetime import datetime

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.tables import table
from webdata_assets.resources import ClockResource, SourcesResource, StoreResource, TaskResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.stages.index.chunk_rows import of_one_model
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.monitoring import RETRAINING_SIGNALS, monitor
from webdata_assets.stages.learn.training_set import build_examples
from webdata_assets.store import Store
from webdata_assets.store.derived import current_rows
from webdata_assets.store.releases import newest_release
from webdata_assets.tasks.model import Task

_SHOWN_SIGNALS = 20


@dg.asset(
    name="monitoring", deps=["training_set"], **describe(MONITORING, kinds={"polars"}, code_version="1")
)
def monitoring(
    corpus: pl.DataFrame,
    features: pl.LazyFrame,
    embeddings: pl.LazyFrame,
    release: pl.DataFrame,
    store: StoreResource,
    sources: SourcesResource,
    task: TaskResource,
    clock: ClockResource,
) -> dg.Output[pl.DataFrame]:
    """Compare the records admitted since the last training with those of that training, and score them."""
    opened, wanted = store.open(), task.load()
    reference, since = _last_training(opened)
    newer = corpus.join(_admitted_since(opened, since), on=["date", "source"], how="semi")
    chunks = of_one_model(
        current_rows(embeddings, TABLES["embeddings"], newer, opened), sources.registry().enabled
    )
    current = build_examples(newer, current_rows(features, TABLES["features"], newer, opened), chunks, wanted)
    promoted = newest_release(release)
    version = promoted.model_version if promoted else None
    rows = monitor(
        wanted,
        reference,
        current,
        Classifier.load(opened.models.fetch(version), version) if version else None,
        version=version,
        floor=_floor(opened, wanted, version),
        now=clock.now(),
    )
    values = {
        name: value
        for name, value in rows.filter(pl.col("signal").is_in(RETRAINING_SIGNALS))
        .select("signal", "value")
        .iter_rows()
        if value is not None
    }
    return output(
        MONITORING, rows, {"new_records": current.height, **values, **table("signals", _signals(rows))}
    )


def _signals(rows: pl.DataFrame) -> pl.DataFrame:
    """Return some signals, those over their threshold first."""
    shown = rows.sort("breached", "signal", "name", descending=[True, False, False]).head(_SHOWN_SIGNALS)
    return shown.select("signal", "name", "value", "threshold", breached=pl.col("breached").cast(pl.String))


def _floor(store: Store, task: Task, version: str | None) -> float | None:
    """Return the champion's least score: the task's of today, else the one that it was judged by."""
    if task.evaluation.floor is not None:
        return task.evaluation.floor
    judged = store.tables.read(MODEL).filter(pl.col("version").eq_missing(version))
    return judged.item(0, "floor") if judged.height else None


def _last_training(store: Store) -> tuple[pl.DataFrame, datetime | None]:
    """Return the newest training set and when it was written; no rows where there is no admitted one."""
    states = store.ledger.states(TABLES["training_set"]).filter("admitted")
    if states.is_empty():
        return TRAINING_SET.empty(), None
    return store.tables.read(TRAINING_SET), states.item(0, "at")


def _admitted_since(store: Store, moment: datetime | None) -> pl.DataFrame:
    states = store.ledger.states(TABLES["embeddings"]).filter("admitted")
    if moment is not None:
        states = states.filter(pl.col("judged_at") > moment)
    return states.select("date", "source")
