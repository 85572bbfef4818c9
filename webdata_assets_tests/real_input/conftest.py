"""Deployments that several tests of a module read: crawling real pages once is dear enough."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.cli.instance import Outcome, execute
from webdata_assets.partitions import Partition
from webdata_assets_tests.deployment import Deployment, deployment_in

CrawlRecords = Callable[[Deployment, str], Outcome]


@pytest.fixture(scope="module")
def shared_deployment(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Deployment]:
    """An empty deployment for all tests of a module."""
    with deployment_in(tmp_path_factory.mktemp("deployment"), encoder_folder) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def crawl_records() -> CrawlRecords:
    """Return a crawl of one partition that ends with records: its texts are not encoded."""
    layers = ("frontier", "pages", "dead_letters", "records", "quarantine")
    job = dg.define_asset_job("crawl_records", selection=dg.AssetSelection.assets(*layers))

    def crawl(deployment: Deployment, partition: str) -> Outcome:
        definitions = dg.Definitions.merge(deployment.definitions(), dg.Definitions(jobs=[job]))
        return execute(definitions, deployment.instance, job.name, partition=Partition.from_key(partition))

    return crawl
