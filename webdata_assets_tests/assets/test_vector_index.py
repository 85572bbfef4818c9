"""The index follows the corpus, and deletes nothing that a failure left out."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.assets.vector_index import vector_index
from webdata_assets.checks.factory import build_check_step
from webdata_assets.checks.vector_index import CHECKS
from webdata_assets.definitions import build_resources
from webdata_assets.errors import PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas.vector_index import VECTOR_INDEX
from webdata_assets.settings import Settings
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.store import Store
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.learn import samples
from webdata_assets_tests.store.rows import admit, frame, put

SHOP, OLD = Partition(samples.DAY, "shop"), Partition(samples.DAY, "old")
UPSTREAM = (dg.AssetSpec("corpus"), dg.AssetSpec("embeddings"))
SOURCE = """
name: shop
description: A shop
start: 2026-01-01
fetch: {discover: [{by: urls, start: ["https://shop.example.com/"]}]}
extract: {kind: product, fields: {title: h1}}
"""


class Following:
    """A store with one declared source, whose index follows its corpus."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.folder = folder
        self.settings = Settings(store=str(folder / "store"), sources=folder / "sources", home=folder)
        self.store = Store.open(self.settings.store)
        self.settings.sources.mkdir(exist_ok=True)
        (self.settings.sources / "shop.yaml").write_text(SOURCE)

    @property
    def index(self) -> ChunkIndex:
        return open_index(self.store.location.index())

    def write(
        self,
        embeddings: pl.DataFrame,
        partition: Partition = SHOP,
        *,
        records: bool = True,
        embedded: bool = True,
    ) -> None:
        """Store a partition of embeddings; say whether its records, and it itself, are admitted."""
        put(self.store, "records", frame("records"), partition)
        admit(self.store, "records", partition, schema=records)
        put(self.store, "embeddings", embeddings.with_columns(source=pl.lit(partition.source)), partition)
        admit(self.store, "embeddings", partition, schema=embedded)

    def sync(self, corpus: pl.DataFrame) -> dict[str, object]:
        """Materialize the asset and its checks for a corpus; return its metadata."""
        put(self.store, "corpus", corpus, None)
        admit(self.store, "corpus", None)
        checks = build_check_step("vector_index_checks", CHECKS, None)
        result = dg.materialize(
            [vector_index, *UPSTREAM, checks],
            resources=build_resources(self.settings),
            instance=self.instance,
            run_config=SILENT,
        )
        (event,) = result.get_asset_materialization_events()
        return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def following(tmp_path: Path, instance: dg.DagsterInstance) -> Following:
    """A store without records."""
    return Following(tmp_path, instance)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, instance: dg.DagsterInstance) -> Following:
    """A store of six records, and the index of them; to be copied."""
    following = Following(tmp_path_factory.mktemp("made"), instance)
    following.write(samples.embeddings(6))
    following.sync(samples.corpus(6))
    return following


@pytest.fixture
def indexed(tmp_path: Path, made: Following) -> Following:
    """A store of six records, and the index of their twelve chunks."""
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    return Following(tmp_path, made.instance)


def counts(metadata):
    return metadata["inserted"], metadata["updated"], metadata["deleted"]


def test_the_index_holds_the_corpus_and_the_table_lists_it(following: Following):
    following.write(samples.embeddings(6))
    found = following.sync(samples.corpus(5))
    assert counts(found) == (10, 0, 0)
    assert found["index"] == following.store.location.index()
    listed = following.store.read_admitted(VECTOR_INDEX)
    assert listed["chunk_id"].to_list() == following.index.at().ids().to_list()
    assert counts(following.sync(samples.corpus(5))) == (0, 0, 0)


def test_before_there_is_any_record_the_index_is_empty_and_admitted(following: Following):
    assert counts(following.sync(samples.corpus(0))) == (0, 0, 0)
    assert following.store.read_admitted(VECTOR_INDEX).is_empty()
    following.index.name("first")
    assert following.index.at("first").count() == 0


def test_chunks_of_vanished_records_go(indexed: Following):
    assert counts(indexed.sync(samples.corpus(4))) == (0, 0, 4)


@pytest.mark.parametrize("failed", ["records", "embedded"])
def test_a_partition_that_failed_keeps_its_chunks(indexed: Following, failed):
    indexed.write(samples.embeddings(2), **{failed: False})
    assert counts(indexed.sync(samples.corpus(0))) == (0, 0, 0)
    assert indexed.index.at().count() == 12


def test_a_record_whose_new_version_is_not_embedded_yet_keeps_the_old_one(indexed: Following):
    newer = samples.corpus(6, date=pl.lit(samples.DAY).dt.offset_by("1d"))
    assert counts(indexed.sync(newer)) == (0, 0, 0)


def test_chunks_of_records_that_were_written_again_since_do_not_enter(indexed: Following):
    indexed.write(samples.embeddings(8))
    put(indexed.store, "records", frame("records"), SHOP)
    admit(indexed.store, "records", SHOP)
    assert counts(indexed.sync(samples.corpus(8))) == (0, 0, 0)
    assert indexed.index.at().count() == 12


def test_what_a_source_left_that_is_declared_no_more_goes_with_it(following: Following):
    following.write(samples.embeddings(3), OLD)
    following.sync(samples.corpus(3, source=pl.lit("old")))
    following.write(samples.embeddings(3), OLD, records=False, embedded=False)
    assert counts(following.sync(samples.corpus(0))) == (0, 0, 6)


def test_embeddings_of_two_models_are_refused_and_the_index_stays(indexed: Following):
    other = pl.when(pl.col("ordinal") == 0).then(pl.lit("tiny@2")).otherwise("model_id")
    indexed.write(samples.embeddings(6).with_columns(model_id=other))
    with pytest.raises(PermanentError, match=r"several models.*tiny@2.*job `embed`"):
        indexed.sync(samples.corpus(6))
    assert indexed.index.at().model_id() == samples.MODEL_ID


def test_another_encoder_takes_the_place_of_the_first_once_all_is_embedded(indexed: Following):
    indexed.write(samples.embeddings(6, model_id="tiny@2"))
    assert counts(indexed.sync(samples.corpus(6))) == (0, 12, 0)
    assert indexed.index.at().model_id() == "tiny@2"
