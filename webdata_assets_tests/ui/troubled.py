"""Partitions in trouble: a host that went down, and a model with a hostile label.

What belongs here: making them in a deployment. What does not: assertions on what the UI shows.
"""

from concurrent.futures import ThreadPoolExecutor

import polars as pl

from webdata_assets.automation.jobs import CRAWL
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.learn.pairs import Pairs, training_set
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer
from webdata_assets_tests.ui.conftest import run

IMAGE = "![x](http://evil.test/x.png)"
PAUSED_HOST = "paused.test"
PAUSED = "2026-06-07|paused"
DOWN = [f"down/{number}" for number in range(8)]


def write_source(deployment: Deployment) -> None:
    """Write the source file: a running UI knows the sources that it found when it began."""
    paths = ["a", *DOWN]
    deployment.write_source(
        {
            "name": "paused",
            "description": f"A host called {PAUSED_HOST}",
            "owners": ["team:demo"],
            "start": "2026-06-01",
            "end": "2026-06-07",
            "allow_private": True,
            "as_of": {"header": "X-As-Of"},
            "fetch": {
                "discover": [{"by": "urls", "start": [f"http://{PAUSED_HOST}/{path}" for path in paths]}],
                "requests_per_second": 100,
                "robots": "ignore",
                "breaker": {"min_requests": 4, "probe_seconds": 0.2, "max_wait_seconds": 0.5},
                "concurrency": 1,
            },
            "extract": {"kind": "article", "fields": {"published_at": {"type": "date", "css": "time"}}},
            "expect": {"fetched": 0},
        }
    )


def crawl_paused(deployment: Deployment) -> None:
    """Crawl a partition whose host goes down meanwhile, and whose one record is refused."""
    with FaultServer() as site:
        site.add("/a", page("<title>A</title><article><h1>A</h1><time>soon</time><p>Words.</p></article>"))
        for path in DOWN:
            site.add(f"/{path}", status(503))
        deployment.connect_to[PAUSED_HOST] = site.address
        run(deployment, CRAWL, PAUSED)


def make_model(deployment: Deployment) -> None:
    """Train a model of made-up examples, one of whose labels is an image."""
    examples = training_set().with_columns(pl.col("label").replace({"kitchen": IMAGE}))
    pairs = Pairs(deployment.folder)
    # an open Playwright occupies this thread's event loop
    with ThreadPoolExecutor(1) as executor:
        executor.submit(pairs.materialize_model, examples, instance=deployment.instance).result()
