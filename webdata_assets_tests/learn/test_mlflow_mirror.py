"""The registry in MLflow: each version once, with its figures and files, and the champion's alias."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.classifier import WEIGHTS_FILE
from webdata_assets.stages.learn.mlflow_mirror import mirror
from webdata_assets.stages.learn.registry import version_of
from webdata_assets.store.releases import current_release
from webdata_assets_tests.learn.pairs import Pairs

pytestmark = pytest.mark.skipif(not find_spec("mlflow"), reason="the extra mlflow is not installed")

NAME = "webdata-topic"


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pairs, str]:
    """Two versions, of which the second was released, and the URI of their mirror."""
    pairs = Pairs(tmp_path_factory.mktemp("mlflow"))
    uri = f"sqlite:///{pairs.folder}/mlflow.db"
    pairs.fill_index(2)
    pairs.train(left_out=3)
    pairs.train()
    pairs.release(mlflow=uri)
    return pairs, uri


@pytest.fixture
def client(mirrored: tuple[Pairs, str], monkeypatch: pytest.MonkeyPatch):
    # else MLflow asks PySpark where it is installed, which takes a test's worker for a doctest and ends it
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", mirrored[1])
    from mlflow import MlflowClient

    return MlflowClient(mirrored[1], mirrored[1])


def again(mirrored: tuple[Pairs, str], champion: str | None) -> int:
    pairs, uri = mirrored
    return mirror(uri, pairs.store.tables.read(MODEL), champion, pairs.store.location.model)


def test_each_version_is_a_run_with_its_figures_and_files(mirrored: tuple[Pairs, str], client):
    pairs, _ = mirrored
    registered = client.search_model_versions(f"name = '{NAME}'")
    rows = {row["version"]: row for row in pairs.store.tables.read(MODEL).iter_rows(named=True)}
    assert {each.tags["webdata.version"] for each in registered} == set(rows)
    for each in registered:
        row = rows[each.tags["webdata.version"]]
        run = client.get_run(each.run_id)
        assert run.info.status == "FINISHED"
        assert run.data.metrics["score"] == row["score"]
        assert run.data.params["train_rows"] == str(row["train_rows"])
        assert run.data.tags["artefact_hash"] == row["artefact_hash"]
        files = {file.path for file in client.list_artifacts(each.run_id, "model")}
        assert f"model/{WEIGHTS_FILE}" in files


def test_the_champion_has_its_alias(mirrored: tuple[Pairs, str], client):
    champion = current_release(mirrored[0].store).model_version
    assert client.get_model_version_by_alias(NAME, "champion").tags["webdata.version"] == champion


def test_nothing_is_mirrored_twice_and_the_alias_follows(mirrored: tuple[Pairs, str], client):
    pairs, _ = mirrored
    champion = current_release(pairs.store).model_version
    other = next(each for each in pairs.store.tables.read(MODEL)["version"] if each != champion)
    assert again(mirrored, other) == 0
    assert client.get_model_version_by_alias(NAME, "champion").tags["webdata.version"] == other
    assert again(mirrored, None) == 0
    assert client.get_registered_model(NAME).aliases == {}
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 2
    again(mirrored, champion)


def test_a_mirror_that_cannot_be_reached_is_a_warning(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    pairs = Pairs(tmp_path)
    pairs.fill_index(1)
    classifier = pairs.train()
    (tmp_path / "no").write_text("a file, and no folder")
    result = pairs.release(mlflow=f"sqlite:///{tmp_path}/no/mlflow.db")
    assert result.success
    assert pairs.pair == (2, version_of(classifier))
    (event,) = result.get_asset_materialization_events()
    assert str(event.materialization.metadata["mlflow"].value).startswith(
        "not mirrored: MLflow at sqlite:///"
    )
    assert "MLflow does not mirror the registry" in capfd.readouterr().err


def test_a_file_that_is_no_database_is_a_fault_of_the_mirror(tmp_path: Path):
    (tmp_path / "mlflow.db").write_text("x" * 5_000)
    with pytest.raises(TransientError, match=r"MLflow at sqlite:.*file is not a database"):
        mirror(f"sqlite:///{tmp_path}/mlflow.db", MODEL.empty(), None, Path)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(PermanentError, match="MLFLOW_TRACKING_PASSWORD") as caught:
        mirror("https://ann:secret@mlflow.test", MODEL.empty(), None, Path)
    assert "secret" not in str(caught.value)
