"""The index follows the corpus, and deletes nothing that a failure left out."""

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

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(store=str(folder / "store"), sources=folder / "sources", home=folder)
        self.store = Store.open(self.settings.store)
        self.settings.sources.mkdir()
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
        result = dg.materialize([vector_index, *UPSTREAM, checks], resources=build_resources(self.settings))
        (event,) = result.get_asset_materialization_events()
        return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(tmp_path)


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


def test_chunks_of_vanished_records_go(following: Following):
    following.write(samples.embeddings(6))
    following.sync(samples.corpus(6))
    assert counts(following.sync(samples.corpus(4))) == (0, 0, 4)


@pytest.mark.parametrize("failed", ["records", "embedded"])
def test_a_partition_that_failed_keeps_its_chunks(following: Following, failed):
    following.write(samples.embeddings(6))
    following.sync(samples.corpus(6))
    following.write(samples.embeddings(2), **{failed: False})
    assert counts(following.sync(samples.corpus(0))) == (0, 0, 0)
    assert following.index.at().count() == 12


def test_a_record_whose_new_version_is_not_embedded_yet_keeps_the_old_one(following: Following):
    following.write(samples.embeddings(3))
    following.sync(samples.corpus(3))
    newer = samples.corpus(3, date=pl.lit(samples.DAY).dt.offset_by("1d"))
    assert counts(following.sync(newer)) == (0, 0, 0)


def test_chunks_of_records_that_were_written_again_since_do_not_enter(following: Following):
    following.write(samples.embeddings(3))
    following.sync(samples.corpus(3))
    following.write(samples.embeddings(5))
    put(following.store, "records", frame("records"), SHOP)
    admit(following.store, "records", SHOP)
    assert counts(following.sync(samples.corpus(5))) == (0, 0, 0)
    assert following.index.at().count() == 6


def test_what_a_source_left_that_is_declared_no_more_goes_with_it(following: Following):
    following.write(samples.embeddings(3), OLD)
    following.sync(samples.corpus(3, source=pl.lit("old")))
    following.write(samples.embeddings(3), OLD, records=False, embedded=False)
    assert counts(following.sync(samples.corpus(0))) == (0, 0, 6)


def test_embeddings_of_two_models_are_refused_and_the_index_stays(following: Following):
    following.write(samples.embeddings(3))
    following.sync(samples.corpus(3))
    other = pl.when(pl.col("ordinal") == 0).then(pl.lit("tiny@2")).otherwise("model_id")
    following.write(samples.embeddings(3).with_columns(model_id=other))
    with pytest.raises(PermanentError, match=r"several models.*tiny@2.*job `embed`"):
        following.sync(samples.corpus(3))
    assert following.index.at().model_id() == samples.MODEL_ID


def test_another_encoder_takes_the_place_of_the_first_once_all_is_embedded(following: Following):
    following.write(samples.embeddings(3))
    following.sync(samples.corpus(3))
    following.write(samples.embeddings(3, model_id="tiny@2"))
    assert counts(following.sync(samples.corpus(3))) == (0, 6, 0)
    assert following.index.at().model_id() == "tiny@2"
