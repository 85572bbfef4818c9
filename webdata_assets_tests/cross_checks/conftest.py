"""A store in which things went wrong: a page that fails, a layout that changed, a flood of copies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.demo.server import DemoSite
from webdata_assets_tests.deployment import Deployment, deployment_in

PARTITIONS = ("2026-06-03|demo_blog", "2026-06-05|demo_shop", "2026-06-06|demo_blog")


@pytest.fixture(scope="package")
def troubled(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Deployment]:
    """Three partitions of the demo, of which the shop's is not admitted, and what was published of them."""
    with DemoSite() as site, deployment_in(tmp_path_factory.mktemp("troubled"), encoder_folder) as deployment:
        deployment.connect_to = dict(site.connect_to)
        deployment.take_packaged("demo_blog", "demo_shop")
        succeeded = [deployment.run("crawl", partition).success for partition in PARTITIONS]
        assert succeeded == [True, False, True]
        assert deployment.run("publish").success
        yield deployment
