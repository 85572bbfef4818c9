"""The whole demo on object stores holds what the one in a folder holds: minutes each, for quiet hours."""

import threading
import time
from pathlib import Path

import pytest

from webdata_assets_tests.object_store.deployments import DemoDeployment
from webdata_assets_tests.servers.azure import CONTAINER, AzureServer
from webdata_assets_tests.servers.s3 import S3Place, S3Server

KILL_SECONDS = (40, 90)
"""After which the S3 server ends and is started again at once."""

TRIES = 3


@pytest.mark.soak
def test_the_whole_demo_on_s3_equals_the_local_one(
    tmp_path: Path, encoder_folder: Path, s3_server: S3Place
) -> None:
    local = DemoDeployment.make(tmp_path / "local", encoder_folder)
    on_s3 = DemoDeployment.make(tmp_path / "s3", encoder_folder, s3_server.uri, s3_server.environment)
    expected, found = local.tell(), on_s3.tell()
    assert expected.not_run == found.not_run
    assert found.content_hash == expected.content_hash
    assert on_s3.payloads() == local.payloads()
    assert on_s3.index_rows() == local.index_rows()
    assert on_s3.tell().runs == 0


@pytest.mark.soak
def test_a_demo_outlives_restarts_of_its_s3_server(tmp_path: Path, encoder_folder: Path) -> None:
    server = S3Server(tmp_path / "server")
    server.start()
    ended = threading.Event()
    restarts: list[float] = []

    def disturb() -> None:
        began = time.monotonic()
        for seconds in KILL_SECONDS:
            if ended.wait(max(0.0, began + seconds - time.monotonic())):
                return
            server.kill()
            server.start()
            restarts.append(time.monotonic())

    try:
        local = DemoDeployment.make(tmp_path / "local", encoder_folder)
        expected = local.tell(dates=3, sources=["demo_blog", "demo_shop"])
        on_s3 = DemoDeployment.make(tmp_path / "s3", encoder_folder, "s3://webdata/demo", server.environment)
        thread = threading.Thread(target=disturb)
        thread.start()
        found = on_s3.tell(dates=3, sources=["demo_blog", "demo_shop"])
        ended.set()
        thread.join()
        assert restarts
        # a run that an outage failed is finished by the next
        for _ in range(TRIES):
            if found.healthy and not found.runs:
                break
            found = on_s3.tell(dates=3, sources=["demo_blog", "demo_shop"])
        assert found.runs == 0
        assert on_s3.payloads() == local.payloads()
        assert found.content_hash == expected.content_hash
    finally:
        ended.set()
        server.kill()


@pytest.mark.soak
def test_a_deployment_on_azure_equals_the_local_one(tmp_path: Path, encoder_folder: Path) -> None:
    with AzureServer(tmp_path / "server") as server:
        local = DemoDeployment.make(tmp_path / "local", encoder_folder)
        on_azure = DemoDeployment.make(
            tmp_path / "azure", encoder_folder, f"abfs://{CONTAINER}/demo", server.environment
        )
        expected, found = (each.tell(dates=2, sources=["demo_blog"]) for each in (local, on_azure))
        assert found.healthy
        assert found.content_hash == expected.content_hash
        assert on_azure.index_rows() == local.index_rows()
        assert on_azure.tell(dates=2, sources=["demo_blog"]).runs == 0
