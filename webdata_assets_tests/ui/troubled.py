"""Partitions in trouble: a host that went down, pages of hostile text, and a model with a hostile label.

What belongs here: making them in a deployment. What does not: assertions on what the UI shows.
"""

import html
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from webdata_assets.automation.jobs import CRAWL
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.learn.pairs import Pairs, training_set
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer
from webdata_assets_tests.ui.conftest import run

IMAGE = "![x](http://evil.test/x.png)"
HOSTILE = f"{IMAGE}<script>window.pwned=1</script><img src=http://evil.test/y.png onerror=window.pwned=1>"
PAUSED_HOST, HOSTILE_HOST = "paused.test", "hostile.test"
PAUSED, REFUSED = "2026-06-07|paused", "2026-06-07|hostile"
DOWN = [f"down/{number}" for number in range(8)]


def write_sources(deployment: Deployment) -> None:
    """Write both source files: a running UI knows the sources that it found when it began."""
    breaker = {"min_requests": 4, "probe_seconds": 0.2, "max_wait_seconds": 0.5}
    paused = _source("paused", PAUSED_HOST, ["a", *DOWN], {"breaker": breaker, "concurrency": 1})
    paused["expect"] = {"fetched": 0}
    hostile = _source("hostile", HOSTILE_HOST, [IMAGE, f"dead/{IMAGE}"], {"max_attempts": 1})
    hostile["expect"] = {"fetched": 0.1, "error_status": 1}
    for values in (paused, hostile):
        deployment.write_source(values, f"{values['name']}.yaml")


def _source(name: str, host: str, paths: Sequence[str], fetch: Mapping[str, object]) -> dict[str, object]:
    return {
        "name": name,
        "description": f"A host called {host}",
        "owners": ["team:demo"],
        "start": "2026-06-01",
        "end": "2026-06-07",
        "allow_private": True,
        "as_of": {"header": "X-As-Of"},
        "fetch": {
            "discover": [{"by": "urls", "start": [f"http://{host}/{path}" for path in paths]}],
            "requests_per_second": 100,
            "robots": "ignore",
            **fetch,
        },
        "extract": {"kind": "article", "fields": {"published_at": {"type": "date", "css": "time"}}},
    }  # fmt: skip


def crawl_paused(deployment: Deployment) -> None:
    """Crawl a partition whose host goes down meanwhile, and whose one record is refused."""
    with FaultServer() as site:
        site.add("/a", page("<title>A</title><article><h1>A</h1><time>soon</time><p>Words.</p></article>"))
        for path in DOWN:
            site.add(f"/{path}", status(503))
        deployment.connect_to[PAUSED_HOST] = site.address
        run(deployment, CRAWL, PAUSED)


def crawl_hostile(deployment: Deployment) -> str:
    """Crawl a partition whose dates are hostile text, on URLs that are, one of them dead; return the run."""
    with FaultServer() as site:
        text = html.escape(HOSTILE)
        body = f"<!doctype html><title>{text}</title><article><h1>{text}</h1><time>{text}</time></article>"
        site.add(f"/{IMAGE}", page(body))
        site.add(f"/dead/{IMAGE}", page("out of order", status=500))
        deployment.connect_to[HOSTILE_HOST] = site.address
        outcome = run(deployment, CRAWL, REFUSED)
    assert outcome.failed_checks == ("records.valid_share",)
    return outcome.run_id


def make_model(deployment: Deployment) -> None:
    """Train a model of made-up examples, one of whose labels is an image."""
    examples = training_set().with_columns(pl.col("label").replace({"kitchen": IMAGE}))
    pairs = Pairs(deployment.folder)
    # an open Playwright occupies this thread's event loop
    with ThreadPoolExecutor(1) as executor:
        executor.submit(pairs.materialize_model, examples, instance=deployment.instance).result()
