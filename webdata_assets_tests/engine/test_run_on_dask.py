"""A run whose maps are on Dask: the tables are those of a run on one machine."""

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.cli.instance import execute
from webdata_assets.definitions import build_defs
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource
from webdata_assets.settings import Settings
from webdata_assets.store import Store

PARTITION = Partition.from_key("2026-06-01|demo_blog")


def crawled(demo, name: str, **changed: str) -> dict[str, str]:
    """Crawl the blog into a store of its own; return the content hashes of its tables."""
    values = {**demo.settings.model_dump(), "store": str(demo.folder / name), **changed}
    settings = Settings(**values)
    definitions = build_defs(settings=settings, resources={"clock": ClockResource(fixed=demo.now)})
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = execute(definitions, instance, CRAWL, partition=PARTITION)
    assert outcome.success, outcome.error
    return Store.open(settings.store).content_hashes()


@pytest.mark.slow
def test_the_tables_have_the_same_content_hash(demo, dask, encoder_folder):
    encoders = dask.home / "encoders"
    if not encoders.exists():
        encoders.symlink_to(encoder_folder)
    demo.now = "2026-06-01T12:00:00+00:00"
    here = crawled(demo, "here")
    there = crawled(demo, "there", engine=dask.address)
    assert there == here
    assert {"records", "embeddings"} <= set(there)


def test_a_scheduler_that_is_gone_fails_the_run_as_transient(demo):
    demo.now = "2026-06-01T12:00:00+00:00"
    with pytest.raises(AssertionError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        crawled(demo, "nowhere", engine="tcp://127.0.0.1:9")
