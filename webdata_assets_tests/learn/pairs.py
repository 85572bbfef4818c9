"""A store with an index and models of the sample corpus, whose releases a test makes one after the other.

What belongs here: bringing index and registry to a state, and materializing `release` with its checks. What
does not: assertions.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl

from webdata_assets.assets.model import model
from webdata_assets.assets.release import release
from webdata_assets.checks.factory import build_check_step
from webdata_assets.checks.model import CHECKS as MODEL_CHECKS
from webdata_assets.checks.release import CHECKS
from webdata_assets.definitions import build_resources
from webdata_assets.resources import ClockResource
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.settings import Settings
from webdata_assets.stages.index.chunk_rows import indexable_chunks
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.stages.learn.classifier import Classifier, train
from webdata_assets.stages.learn.promotion import judge
from webdata_assets.stages.learn.registry import Origin, register, version_of
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.store import Store
from webdata_assets.store.releases import Release, current_release
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, digest, put

UPSTREAM = (dg.AssetSpec("vector_index"), dg.AssetSpec("model"))


def training_set(model_id: str = samples.MODEL_ID) -> pl.DataFrame:
    return build_training_set(
        samples.corpus(), samples.features(), samples.embeddings(model_id=model_id), samples.TASK
    )


@dataclass
class Pairs:
    """One store. `hours` is the clock of what is trained and released; it goes on by itself."""

    folder: Path
    hours: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(store=str(self.folder / "store"), home=self.folder / "home")

    @property
    def store(self) -> Store:
        return Store.open(self.settings.store)

    @property
    def index(self) -> ChunkIndex:
        return open_index(self.store.location.index())

    def later(self) -> dt.datetime:
        self.hours += 1
        return dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(hours=self.hours)

    def fill_index(self, records: int, model_id: str = samples.MODEL_ID, *, admitted: bool = True) -> None:
        """Synchronise the index with so many records, and list them in its table."""
        chunks = indexable_chunks(samples.corpus(records), samples.embeddings(records, model_id=model_id))
        put(self.store, "vector_index", self.index.sync(chunks).manifest, None)
        if admitted:
            admit(self.store, "vector_index", None)

    def train(
        self, left_out: int = 0, model_id: str = samples.MODEL_ID, *, promotable: bool = True
    ) -> Classifier:
        """Train on all but some rows, and register the model as one that may be used or not."""
        rows = training_set(model_id)
        learnt = rows.filter(pl.col("split") == "train")
        classifier = train(learnt.head(learnt.height - left_out), samples.TASK)
        classifier.save(self.store.location.model(version_of(classifier)))
        in_use = self.in_use()
        updated = register(
            self.store.tables.read(MODEL),
            classifier,
            judge(classifier, None, rows, samples.TASK),
            Origin(
                task="topic", train_rows=learnt.height - left_out, training_fingerprint=digest("t"),
                evaluation_fingerprint=digest("e"), admitted_fingerprint=digest("a"), admitted_partitions=1,
                trained_at=self.later(),
            ),
            champion=in_use.model_version if in_use else None,
            artefact=f"models/{version_of(classifier)}",
        )  # fmt: skip
        this = pl.col("version") == version_of(classifier)
        put(
            self.store,
            "model",
            updated.with_columns(promotable=pl.when(this).then(promotable).otherwise(pl.col("promotable"))),
            None,
        )
        admit(self.store, "model", None)
        return classifier

    def release(self, mlflow: str = "", *, raises: bool = True) -> dg.ExecuteInProcessResult:
        """Materialize `release` and its checks, as a process of its own would."""
        resources = build_resources(self.settings.model_copy(update={"mlflow": mlflow}))
        return dg.materialize(
            [release, *UPSTREAM, build_check_step("release_checks", CHECKS, None)],
            resources={**resources, "clock": ClockResource(fixed=self.later().isoformat())},
            raise_on_error=raises,
        )

    def materialize_model(
        self, examples: pl.DataFrame, *, raises: bool = True, instance: dg.DagsterInstance | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialize `model` and its checks from a training set."""
        put(self.store, "training_set", examples, None)
        admit(self.store, "training_set", None)
        clock = ClockResource(fixed=self.later().isoformat())
        return dg.materialize(
            [model, dg.AssetSpec("training_set"), build_check_step("model_checks", MODEL_CHECKS, None)],
            resources={**build_resources(self.settings), "clock": clock},
            raise_on_error=raises,
            instance=instance,
        )

    def in_use(self) -> Release | None:
        return current_release(self.store) if self.store.tables.exists(RELEASE) else None

    @property
    def pair(self) -> tuple[int, str | None]:
        """How many chunks the release in use searches, and with which model it predicts; both are read."""
        release = current_release(self.store)
        snapshot = self.index.at(release.index_snapshot)
        assert snapshot.count() == release.chunks
        assert snapshot.model_id() == release.encoder
        if release.model_version is not None:
            loaded = Classifier.load(self.store.location.model(release.model_version))
            assert version_of(loaded) == release.model_version
        return snapshot.count(), release.model_version
