"""A deployment to make releases in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets_tests.serving.process import Serving, served
from webdata_assets_tests.serving.releasing import Releasing, write_encoder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture
def releasing(tmp_path: Path, encoder_folder: Path) -> Releasing:
    return Releasing(tmp_path, encoder_folder)


@pytest.fixture(scope="module")
def one_release(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Releasing:
    """A deployment with one release of index and model."""
    releasing = Releasing(tmp_path_factory.mktemp("one_release"), encoder_folder)
    releasing.release(1, model_version=releasing.train(1))
    return releasing


@pytest.fixture(scope="module")
def server(one_release: Releasing) -> Iterator[Serving]:
    """A server of that release."""
    with served(one_release.environment, one_release.folder) as serving:
        serving.wait_for_release(1)
        yield serving
