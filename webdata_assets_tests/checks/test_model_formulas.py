"""Formulas of the registry of models, and of releases."""

from pathlib import Path

import polars as pl
import pytest

from webdata_assets.checks.check import Finding
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.release import RELEASE
from webdata_assets.stages.learn.registry import version_of
from webdata_assets_tests.checks.copies import copied
from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.learn.pairs import Pairs
from webdata_assets_tests.store.rows import digest, put


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """One release of an index and a model; tests change a copy."""
    pairs = Pairs(tmp_path_factory.mktemp("released"))
    pairs.fill_index(5)
    pairs.train(left_out=3)
    pairs.release()
    return pairs


@pytest.fixture
def pairs(released: Pairs, tmp_path: Path) -> Pairs:
    return copied(released, tmp_path)


def found(pairs: Pairs, table: str, check: str) -> Finding:
    return judge(pairs.store, table, check, partition=None)


def change_models(pairs: Pairs, **values: object) -> None:
    put(pairs.store, "model", pairs.store.tables.read(MODEL).with_columns(**values), None)


def test_without_a_champion_there_is_no_score_to_compare(tmp_path: Path):
    pairs = Pairs(tmp_path)
    pairs.train()
    finding = found(pairs, "model", "score_floor")
    assert (numbers(finding), finding.detail) == ((True, None, None), "there is no champion yet")


@pytest.mark.parametrize(("score", "passed"), [(0.3, True), (0.2, False)])
def test_the_champions_score_is_compared_with_its_floor(pairs: Pairs, score: float, passed: bool):
    change_models(pairs, score=pl.lit(score), floor=pl.lit(0.3))
    assert numbers(found(pairs, "model", "score_floor")) == (passed, score, 0.3)


def test_a_challenger_under_the_floor_does_no_harm(pairs: Pairs):
    champion = pairs.store.tables.read(MODEL).item(0, "version")
    pairs.train()
    change_models(pairs, score=pl.when(pl.col("version") == champion).then("score").otherwise(0.0))
    assert found(pairs, "model", "score_floor").passed


def test_files_of_models_are_compared_with_the_registry(pairs: Pairs):
    assert numbers(found(pairs, "model", "artefact_hash")) == (True, 0, 0)
    version = pairs.store.tables.read(MODEL).item(0, "version")
    change_models(pairs, artefact_hash=pl.lit(digest("other")))
    finding = found(pairs, "model", "artefact_hash")
    assert numbers(finding) == (False, 1, 0)
    assert finding.detail is not None
    assert finding.detail.startswith(f"{version} has BLAKE3 {version}…, recorded was {digest('other')[:16]}…")


@pytest.mark.parametrize(("promotable", "passed"), [(True, False), (False, True)])
def test_files_of_a_model_that_may_come_into_use_must_be_there(pairs: Pairs, promotable: bool, passed: bool):
    challenger = pairs.train(promotable=promotable)
    folder = pairs.store.location.model(version_of(challenger))
    for file in folder.iterdir():
        file.unlink()
    finding = found(pairs, "model", "artefact_hash")
    assert finding.passed is passed
    assert passed or str(folder) in (finding.detail or "")


def test_a_pair_whose_parts_are_there_is_whole(pairs: Pairs):
    finding = found(pairs, "release", "whole_pair")
    assert numbers(finding) == (True, 0, 0)
    assert finding.metrics == {"release": 1, "chunks": 10}


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"index_snapshot": "none"}, "has no state named none"),
        ({"chunks": 11}, "holds 10 chunks, not 11"),
        ({"encoder": "tiny@2"}, "vectors are of tiny@1, not tiny@2"),
        ({"model_version": "0" * 16}, "holds no readable artefact"),
    ],
)
def test_a_pair_of_which_a_part_is_missing_or_another_fails(
    pairs: Pairs, values: dict[str, object], detail: str
):
    rows = pairs.store.tables.read(RELEASE)
    changed = {name: pl.lit(value, rows.schema[name]) for name, value in values.items()}
    broken = rows.with_columns(**changed)
    put(pairs.store, "release", broken, None)
    finding = found(pairs, "release", "whole_pair")
    assert numbers(finding) == (False, 1, 0)
    assert detail in (finding.detail or "")


def test_a_model_that_reads_other_vectors_than_the_index_holds_fails(pairs: Pairs):
    other = pairs.train(model_id="tiny@2")
    rows = pairs.store.tables.read(RELEASE)
    put(pairs.store, "release", rows.with_columns(model_version=pl.lit(version_of(other))), None)
    finding = found(pairs, "release", "whole_pair")
    assert (finding.detail or "").endswith("reads vectors of tiny@2, not tiny@1")
