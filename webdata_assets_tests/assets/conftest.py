"""Stores whose index and models are at some state, made once and copied for each test."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from webdata_assets.stages.learn.registry import version_of
from webdata_assets.store.releases import current_release
from webdata_assets_tests.learn.pairs import Pairs


class Released(NamedTuple):
    """A store, and the metadata of its release."""

    pairs: Pairs
    told: dict[str, Any]


class Awaiting(NamedTuple):
    """A store whose first model is in use, and whose second is to be."""

    pairs: Pairs
    first: str | None
    second: str


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture(scope="module")
def only_index(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A store whose release 1 has an index of ten records and no model; for reading alone."""
    pairs = Pairs(tmp_path_factory.mktemp("only_index"))
    pairs.fill_index(10)
    return Released(pairs, metadata(pairs.release()))


@pytest.fixture(scope="module")
def with_model(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """A store whose release 1 has an index of ten records and a model; for reading alone."""
    pairs = Pairs(tmp_path_factory.mktemp("with_model"))
    pairs.fill_index(10)
    pairs.train()
    pairs.release()
    return pairs


@pytest.fixture(scope="module")
def awaiting(tmp_path_factory: pytest.TempPathFactory, with_model: Pairs) -> Awaiting:
    """The same, with a larger index and a second model that are not released yet; for reading alone."""
    pairs = copy(with_model, tmp_path_factory.mktemp("awaiting"))
    first = current_release(pairs.store).model_version
    pairs.fill_index(20)
    return Awaiting(pairs, first, version_of(pairs.train(left_out=3)))


def copy(pairs: Pairs, folder: Path) -> Pairs:
    shutil.copytree(pairs.folder, folder, dirs_exist_ok=True)
    return Pairs(folder, pairs.hours)
