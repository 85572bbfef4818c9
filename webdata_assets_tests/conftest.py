"""Fixtures that several rooms share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from webdata_assets.demo.server import DemoSite
from webdata_assets.errors import TransientError
from webdata_assets.stages.embed.encoders.minilm import ensure_encoder
from webdata_assets_tests.deployment import ENCODERS, Deployment, deployment_in
from webdata_assets_tests.servers.s3 import S3Place, S3Server

# how long an example takes on a busy machine says nothing about the code
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of later collections: each run ends with one, of all that there is."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let what is loaded be collected at the end: some libraries tell of what is left."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own WEBDATA_* variables must not change what tests see."""
    for name in list(os.environ):
        if name.startswith("WEBDATA_") and name != "WEBDATA_SCREENSHOTS":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """The default encoder, fetched and converted on first use."""
    try:
        ensure_encoder(ENCODERS)
    except TransientError as error:
        pytest.skip(f"the encoder's weights cannot be fetched: {error}")
    return ENCODERS


@pytest.fixture(scope="session")
def shared_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    # a graceful end takes it half a minute
    server.kill()


@pytest.fixture
def s3_server(shared_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Place:
    """A prefix of this test's own on a real S3 server, and the environment with which clients find it."""
    place = S3Place(shared_s3)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    return place


@pytest.fixture
def demo_site() -> Iterator[DemoSite]:
    """The demo site on a free port, with its own log and incidents."""
    with DemoSite() as site:
        yield site


@pytest.fixture
def deployment(tmp_path: Path, encoder_folder: Path) -> Iterator[Deployment]:
    """An empty deployment; tests add source files."""
    with deployment_in(tmp_path, encoder_folder) as deployment:
        yield deployment


@pytest.fixture
def demo(deployment: Deployment, demo_site: DemoSite) -> Deployment:
    """A deployment with the demo's shop, blog and API, connected to the demo site."""
    deployment.take_packaged("demo_api", "demo_blog", "demo_shop")
    deployment.connect_to = demo_site.connect_to
    return deployment
