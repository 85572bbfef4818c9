"""A change of the encoder: each partition is embedded again once, and vectors of two models never mix."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.automation.causes import INTERRUPTED_AFTER
from webdata_assets.automation.jobs import EMBED, REPLAY
from webdata_assets.automation.tags import CAUSE_TAG, REPAIR_TAG
from webdata_assets.partitions import Partition
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.stages.embed.encoders.minilm import minilm_id
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets_tests.automation.history import DAY, HOUR, MINUTE, NOON, History, news
from webdata_assets_tests.automation.loaded import LoadedOnce
from webdata_assets_tests.deployment import Deployment, deployment_in
from webdata_assets_tests.store.rows import admit, digest, frame, put, row

SENSOR = "recrawl_sensor"
SHORT = 64
OLD, NEW = minilm_id(), minilm_id(max_tokens=SHORT)
DAYS = [news(), news(DAY + dt.timedelta(days=1))]


class TestRule:
    def test_a_partition_of_the_model_in_use_is_left_alone(self, history: History):
        history.admit(news(), NOON - HOUR)
        assert history.repairs() == []

    def test_an_admitted_partition_of_another_model_is_embedded_again(self, history: History):
        history.admit(news(), NOON - HOUR)
        [repair] = history.repairs(model=NEW)
        assert (repair.partition, repair.job, repair.cause) == (
            news(),
            EMBED,
            f"other_encoder:embeddings:{NEW}",
        )
        assert repair.reason == f"the vectors are of {OLD}, the encoder in use is {NEW}"

    def test_a_write_of_no_known_model_counts_as_another(self, history: History):
        history.admit(news(), NOON - HOUR, layers=["frontier", "pages", "records", "changes", "fingerprints"])
        history.admit(news(), NOON - MINUTE, layers=["features", "embeddings"])
        history.entries[:] = [
            {**entry, "code_version": None} if entry["asset"] == "embeddings" else entry
            for entry in history.entries
        ]
        assert [repair.job for repair in history.repairs()] == [EMBED]

    def test_records_that_failed_are_mended_first(self, history: History):
        history.admit(news(), NOON - HOUR)
        history.write("records", NOON, partition=news(), failed=["reconciliation"], parser="earlier")
        assert [repair.job for repair in history.repairs(model=NEW)] == [REPLAY]

    def test_an_embedding_that_died_before_its_checks_is_taken_up_again(self, history: History):
        history.admit(news(), NOON - HOUR)
        history.write("embeddings", NOON, partition=news(), unchecked=True, content="new", model=NEW)
        assert history.repairs(model=NEW) == []
        assert len(history.repairs(NOON + INTERRUPTED_AFTER + MINUTE, model=NEW)) == 1


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Deployment]:
    """A deployment that has embedded two days."""
    with deployment_in(tmp_path_factory.mktemp("embedded"), encoder_folder) as deployment:
        history = History(deployment, deployment.store)
        history.declare()
        for number, partition in enumerate(DAYS):
            rows = [row("records", partition, each) for each in (0, number + 1)]
            put(history.store, "records", frame("records", *rows), partition)
            admit(history.store, "records", partition)
            for layer in ("frontier", "pages", "changes", "fingerprints", "features"):
                history.write(layer, NOON, partition=partition)
            assert history.store
            assert deployment.run(EMBED, partition.key).success
        yield deployment


class TestSwitch:
    """Two days with two records each, embedded by the default encoder."""

    @pytest.fixture
    def history(self, deployment: Deployment, embedded: Deployment) -> History:
        """A copy of them, without the runs that embedded them."""
        for name in ("sources", "store"):
            shutil.copytree(embedded.folder / name, deployment.folder / name)
        return History(LoadedOnce(deployment.folder, deployment.instance, {}), deployment.store)

    @pytest.fixture
    def encoded(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What the encoder is asked to encode from now on."""
        texts: list[str] = []
        encode = OnnxEncoder.encode

        def remember(self, given, on_progress=None):
            texts.extend(given)
            return encode(self, given, on_progress)

        monkeypatch.setattr(OnnxEncoder, "encode", remember)
        return texts

    def switch(self, deployment: Deployment, max_tokens: int) -> None:
        deployment.encoder_max_tokens = max_tokens

    def models(self, history: History) -> dict[str, set[Partition]]:
        rows = history.opened.scan_admitted(EMBEDDINGS).collect()
        return {
            str(model): {Partition(*key) for key in group.select("date", "source").iter_rows()}
            for (model,), group in rows.group_by("model_id")
        }

    def test_each_partition_is_requested_once_no_two_models_mix_and_a_switch_back_encodes_nothing(
        self, history: History, encoded: list[str]
    ):
        deployment = history.deployment
        assert self.models(history) == {OLD: set(DAYS)}
        self.switch(deployment, SHORT)
        requests = deployment.tick(SENSOR).run_requests or []
        assert [(each.job_name, each.partition_key) for each in requests] == [
            (EMBED, partition.key) for partition in DAYS
        ]
        assert [each.tags[REPAIR_TAG] for each in requests] == [partition.key for partition in DAYS]
        assert requests[0].tags[CAUSE_TAG] == f"the vectors are of {OLD}, the encoder in use is {NEW}"
        again = deployment.tick(SENSOR).run_requests or []
        assert [each.run_key for each in again] == [each.run_key for each in requests]

        assert all(outcome.success for outcome in deployment.answer(SENSOR))
        assert self.models(history) == {NEW: set(DAYS)}
        assert not deployment.tick(SENSOR).run_requests

        # the old vectors stay in the cache
        assert len(encoded) == len(set(encoded)) == 3
        held = history.opened.tables.read(VECTORS)
        assert dict(held.group_by("model_id").len().iter_rows()) == {OLD: 3, NEW: 3}

        encoded.clear()
        self.switch(deployment, 0)
        # two repairs of one partition are a minute apart
        deployment.now = (dt.datetime.now(dt.UTC) + 2 * MINUTE).isoformat()
        outcomes = deployment.answer(SENSOR)
        assert [outcome.success for outcome in outcomes] == [True, True]
        assert self.models(history) == {OLD: set(DAYS)}
        assert encoded == []

    def test_what_a_run_tells(self, embedded: Deployment):
        events = embedded.instance.fetch_materializations(dg.AssetKey("embeddings"), limit=2).records
        second, first = (event.asset_materialization.metadata for event in events)
        names = ("records", "unchanged_records", "chunks", "reused_vectors", "encoded")
        assert [first[name].value for name in names] == [2, 0, 2, 0, 2]
        assert [second[name].value for name in names] == [2, 1, 2, 1, 1]
        assert second["tokens"].value > 0
        assert second["seconds"].value > 0
        assert second["chunks_per_second"].value > 0
        assert second["cost"].value == 0
        assert second["model_id"] == dg.MetadataValue.text(OLD)

    def test_the_second_day_reuses_rows_and_is_as_if_it_had_not(self, history: History):
        partition = DAYS[1]
        before = history.opened.tables.read_partition(EMBEDDINGS, partition)
        assert before.height == 2
        for name in ("records", "embeddings"):
            admit(history.opened, name, DAYS[0], schema=False)
        assert history.deployment.run(EMBED, partition.key).success
        assert history.opened.tables.read_partition(EMBEDDINGS, partition).equals(before)

    def test_a_partition_without_records_has_no_rows_and_a_model(self, history: History):
        partition = news(DAY + dt.timedelta(days=2))
        put(history.opened, "records", frame("records"), partition)
        admit(history.opened, "records", partition)
        assert history.deployment.run(EMBED, partition.key).success
        assert history.opened.tables.read_partition(EMBEDDINGS, partition).is_empty()
        assert not any(repair.partition == partition for repair in history.repairs(model=OLD))

    def test_changed_records_are_embedded_with_their_new_texts(self, history: History, encoded: list[str]):
        changed = row("records", DAYS[0], 0, text="Another text.", content_hash=digest("new"))
        put(history.opened, "records", frame("records", changed), DAYS[0])
        admit(history.opened, "records", DAYS[0])
        assert history.deployment.run(EMBED, DAYS[0].key).success
        assert encoded == ["Item 0\n\nAnother text."]
        texts = history.opened.tables.read_partition(EMBEDDINGS, DAYS[0])["text"]
        assert texts.equals(pl.Series("text", ["Another text."]))
