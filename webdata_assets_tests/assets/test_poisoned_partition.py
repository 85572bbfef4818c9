"""What is not admitted teaches the model nothing, whatever lies in the tables."""

import datetime as dt
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.assets.corpus import corpus
from webdata_assets.assets.model import model
from webdata_assets.assets.training_set import training_set
from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.factory import build_check_step
from webdata_assets.definitions import build_resources
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.near_duplicates import NEAR_DUPLICATES
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put, row

RECORDS = 60
GOOD = Partition(samples.DAY, "shop")
POISONED = Partition(samples.DAY + dt.timedelta(days=1), "shop")
LAYERS = ("pages", "records", "features", "embeddings")
UPSTREAM = ("records", "pages", "near_duplicates", "features", "embeddings")
LEARNT = (corpus, training_set, model)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a deployment whose one admitted partition holds sixty records of three categories."""
    folder = tmp_path_factory.mktemp("admitted")
    settings = settings_of(folder)
    store = Store.open(settings.store)
    put(store, "near_duplicates", NEAR_DUPLICATES.empty(), None)
    admit(store, "near_duplicates", None)
    write(store, GOOD, shift=0)
    for layer in LAYERS:
        admit(store, layer, GOOD)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, stored: Path) -> Path:
    """The folder of the same after its model was trained."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(stored, folder, dirs_exist_ok=True)
    publish(settings_of(folder))
    return folder


@pytest.fixture
def settings(tmp_path: Path, stored: Path) -> Settings:
    """A copy of the deployment without a model."""
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    return settings_of(tmp_path)


@pytest.fixture
def trained(tmp_path: Path, published: Path) -> Settings:
    """A copy of the deployment with a model."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    return settings_of(tmp_path)


def settings_of(folder: Path) -> Settings:
    return Settings(store=str(folder / "store"), home=folder / "home")


def write(store: Store, partition: Partition, shift: int) -> None:
    """Write the same records with everybody's category moved by some places."""
    sampled = samples.corpus(RECORDS).rows(named=True)
    records = [
        row(
            "records",
            partition,
            number,
            **{name: record[name] for name in ("record_id", "url", "title", "text", "content_hash")},
            category=samples.CATEGORIES[(number + shift) % len(samples.CATEGORIES)],
        )
        for number, record in enumerate(sampled)
    ]
    put(store, "pages", frame("pages"), partition)
    put(store, "records", frame("records", *records), partition)
    put(store, "features", samples.features(RECORDS, date=partition.date), partition)
    put(store, "embeddings", samples.embeddings(RECORDS, date=partition.date), partition)


def publish(settings: Settings, layers: int = len(LEARNT)) -> None:
    """Make corpus, training set and model, or the first of them, with their checks, as a process would."""
    assets = LEARNT[:layers]
    names = [f"{asset.key.to_user_string()}_checks" for asset in assets]
    dg.materialize(
        [
            *assets,
            *map(dg.AssetSpec, UPSTREAM),
            *(build_check_step(name, STEPS[name], None) for name in names),
        ],
        resources={**build_resources(settings), "clock": ClockResource(fixed="2026-06-01T00:00:00+00:00")},
    )


def versions(settings: Settings) -> set[str]:
    return set(Store.open(settings.store).tables.read(MODEL)["version"])


def labels(settings: Settings) -> pl.DataFrame:
    return Store.open(settings.store).tables.read(TRAINING_SET).select("record_id", "label")


def poison(settings: Settings, failed: str) -> None:
    """Write a partition with wrong labels, of which one layer fails: what comes after it is never judged."""
    store = Store.open(settings.store)
    write(store, POISONED, shift=1)
    for layer in LAYERS[: LAYERS.index(failed)]:
        admit(store, layer, POISONED)
    admit(store, failed, POISONED, schema=False)


def test_a_poisoned_partition_that_is_not_admitted_never_changes_the_model(trained: Settings) -> None:
    before, learnt = versions(trained), labels(trained)
    poison(trained, failed="records")
    publish(trained)
    assert labels(trained).equals(learnt)
    assert versions(trained) == before


@pytest.mark.parametrize("failed", ["features", "embeddings"])
def test_records_without_admitted_features_and_vectors_are_not_learnt_from(
    trained: Settings, failed: str
) -> None:
    before = versions(trained)
    poison(trained, failed)
    publish(trained)
    assert labels(trained).is_empty()
    assert versions(trained) == before


@pytest.mark.parametrize(("admitted", "gone"), [(False, 0), (True, 1)])
def test_a_page_is_gone_once_the_records_of_its_partition_are_admitted(
    settings: Settings, admitted: bool, gone: int
) -> None:
    store = Store.open(settings.store)
    url = store.tables.read_partition(TABLES["records"], GOOD)["url"][0]
    reached = dict.fromkeys(("payload", "payload_bytes", "payload_hash", "payload_date"))
    visit = row("pages", POISONED, outcome="gone", reason="410", url=url, **reached)
    put(store, "pages", frame("pages", visit), POISONED)
    admit(store, "pages", POISONED)
    put(store, "records", frame("records"), POISONED)
    admit(store, "records", POISONED, completeness=admitted)
    publish(settings, layers=1)
    assert store.tables.read(TABLES["corpus"]).filter(state="gone").height == gone


def test_once_admitted_it_would_have_changed_the_model(trained: Settings) -> None:
    before = versions(trained)
    store = Store.open(trained.store)
    write(store, POISONED, shift=1)
    publish(trained)
    assert versions(trained) == before
    for layer in LAYERS:
        admit(store, layer, POISONED)
    publish(trained)
    assert len(versions(trained)) == 2


def test_vectors_of_another_model_of_a_source_that_is_not_enabled_are_left_out(settings: Settings) -> None:
    store = Store.open(settings.store)
    elsewhere = Partition(samples.DAY, "demo_shop")
    record = row("records", elsewhere, RECORDS, category="kitchen")
    put(store, "pages", frame("pages"), elsewhere)
    put(store, "records", frame("records", record), elsewhere)
    keys = {"source": pl.lit("demo_shop"), "record_id": pl.lit(record["record_id"])}
    put(store, "features", samples.features(1).with_columns(**keys), elsewhere)
    chunk = samples.embeddings(1, model_id="tiny@2").head(1).with_columns(**keys)
    put(store, "embeddings", chunk, elsewhere)
    for layer in LAYERS:
        admit(store, layer, elsewhere)
    publish(settings, layers=2)
    assert set(store.tables.read(TRAINING_SET)["model_id"]) == {"tiny@2"}
