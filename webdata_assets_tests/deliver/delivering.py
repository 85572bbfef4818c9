"""A deployment with two small sources, and sinks of several kinds, driven by real runs.

What belongs here: what tests of deliveries need to set up, and to read from sinks. What does not: assertions.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import yaml

from webdata_assets.assets.delivery import SINKS_TAG, TAKE_OVER_TAG
from webdata_assets.automation.jobs import CRAWL, DELIVER, PUBLISH
from webdata_assets.cli.instance import Outcome, execute
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Sink
from webdata_assets.store import Store
from webdata_assets.store.sinks import open_sink
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.faults.injecting import good
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer

HOST = "site.test"
FIRST, LATER = "2026-06-02", "2026-06-03"
PAGES: Mapping[str, range] = {"lamps": range(14), "bells": range(14, 20)}
"""Source → its pages. One page is one record."""
WHOLE = sum(map(len, PAGES.values()))


@dataclass
class Delivering:
    """A deployment, its site, and its sink files."""

    deployment: Deployment
    site: FaultServer
    environ: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Write the source files, let every page be good, and use the two packaged sinks."""
        self.deployment.connect_to = {HOST: self.site.address}
        self.deployment.sinks = self.deployment.folder / "sinks"
        self.deployment.sinks.mkdir(exist_ok=True)
        for name, numbers in PAGES.items():
            self.deployment.write_source(_source(name, numbers), file=f"{name}.yaml")
            for number in numbers:
                self.site.add(f"/page/{number}", page(good(number)))
        self.declare("records", kind="delta")
        self.declare("records_parquet", kind="parquet")

    def declare(self, name: str, **keys: Any) -> None:
        """Write a sink file, in place of one of the same name."""
        document = {"name": name, "description": f"A {keys['kind']} for tests", **keys}
        (self.deployment.sinks / f"{name}.yaml").write_text(yaml.safe_dump(document))

    def remove(self, name: str) -> None:
        """Take a sink file away."""
        (self.deployment.sinks / f"{name}.yaml").unlink()

    def crawl(self, date: str = FIRST, *sources: str) -> None:
        """Crawl partitions, all of which pass."""
        for source in sources or PAGES:
            outcome = self.deployment.run(CRAWL, f"{date}|{source}")
            assert outcome.success, outcome

    def publish(self) -> Outcome:
        """Publish what is admitted."""
        return self.deployment.run(PUBLISH)

    def deliver(self, *names: str, take_over: bool = False) -> Outcome:
        """Deliver to some sinks."""
        return execute(
            self.deployment.definitions(),
            self.deployment.instance,
            DELIVER,
            tags={SINKS_TAG: ",".join(names), **({TAKE_OVER_TAG: "yes"} if take_over else {})},
        )

    def process_environ(self) -> dict[str, str]:
        """Return the environment of a process beside this one."""
        return {name: value for name, value in os.environ.items() if not name.startswith("WEBDATA_")}

    def lose(self, number: int) -> None:
        """Let a page be gone for good."""
        self.site.add(f"/page/{number}", status(410))

    @property
    def store(self) -> Store:
        return self.deployment.store

    def sink(self, name: str) -> Sink:
        """Open a declared sink."""
        declared = load_sinks(self.deployment.sinks)
        return open_sink(declared[name], self.store.location, {**os.environ, **self.environ})

    def held(self, name: str) -> pl.DataFrame:
        """Return what a sink holds."""
        return self.sink(name).read()

    def hashes(self) -> dict[str, str]:
        """Return the content hash of what each sink holds."""
        return {
            name: hash_of(self.held(name), self.sink(name).shape)
            for name in load_sinks(self.deployment.sinks)
        }

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the table `delivery` by sink."""
        return {row["sink"]: row for row in self.store.tables.read(DELIVERY).iter_rows(named=True)}

    def verdict(self, check: str) -> dict[str, Any]:
        """Return the newest verdict of a check of deliveries."""
        return self.store.ledger.newest_verdicts(DELIVERY, check).row(0, named=True)

    def live(self) -> set[str]:
        """Return the ids of the records that are to be delivered."""
        corpus = self.store.read_admitted(TABLES["corpus"])
        return set(corpus.filter(pl.col("duplicate_of").is_null(), state="live")["record_id"])


def _source(name: str, numbers: range) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Pages of the fault server",
        "start": "2026-06-01",
        "as_of": {"header": "X-As-Of"},
        "allow_private": True,
        "fetch": {
            "discover": [{"by": "urls", "start": [f"http://{HOST}/page/{number}" for number in numbers]}],
            "requests_per_second": 1_000,
            "max_attempts": 2,
        },
        "extract": {"kind": "document", "fields": {"title": "h1", "text": "p", "category": "i"}},
        "expect": {"completeness": {"title": 0.9}},
    }
