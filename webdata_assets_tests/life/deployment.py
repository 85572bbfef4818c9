"""A deployment whose site, parser and expectations change between real runs.

What belongs here: doing one thing to it, and reading what it holds. What does not: what it should hold
(model.py).
"""

import datetime as dt
import random
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import dagster as dg
import polars as pl
from aiohttp import web

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.judging import Judge
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sources.registry import load_sources
from webdata_assets.store import Store
from webdata_assets.store.rollback import roll_back
from webdata_assets.store.sinks import open_sink
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.site.server import FaultServer

HOST = "site.test"
DATES = (dt.date(2026, 6, 2), dt.date(2026, 6, 3))
SOURCES = ("bells", "lamps")
PARTITIONS = tuple(Partition(date, source) for source in SOURCES for date in DATES)
NUMBERS = range(3)
"""Of a source's pages. One page is one record."""
LAYOUTS = ("h1", "h2")
"""Elements that hold the title: the site shows it in one, the parser looks for it in one."""
CRAWLED = ("frontier", "pages", "dead_letters", "records", "quarantine", "fingerprints")
REPLAYED = ("records", "quarantine", "fingerprints")
PUBLISHED = ("near_duplicates", "compared_partitions", "corpus", "delivery")
SINKS = ("delta", "parquet")
_BREAKER = {"min_requests": 1, "window_seconds": 0.2, "probe_seconds": 0.05, "max_wait_seconds": 0.2}
"""Of which the first failure opens it, and which does not wait for long."""
NOW = "2026-06-04T00:00:00+00:00"


@dataclass(frozen=True)
class Shown:
    """What the site shows for a partition.

    Attributes:
        version: of every page's text.
        layout: one of LAYOUTS.
        failing: numbers of pages that are refused: their URLs are dead letters.
        gone: numbers of pages that are gone for good.
        down_from: the site breaks down at this page: it and those after it are left for the next crawl.
    """

    version: int = 0
    layout: str = LAYOUTS[0]
    failing: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    down_from: int = len(NUMBERS)


@dataclass(frozen=True)
class Declared:
    """What a source file says.

    Attributes:
        parser: the element with the title, one of LAYOUTS.
        strict: whether a field is expected that no page has.
    """

    parser: str = LAYOUTS[0]
    strict: bool = False


def title(partition: Partition, number: int, version: int) -> str:
    return f"{partition} page {number} version {version}"


@dataclass(repr=False)
class Life:
    """Two sources with two dates each, their site, and two sinks."""

    deployment: Deployment
    site: FaultServer = field(repr=False)
    shown: dict[Partition, Shown] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, Shown()))
    declared: dict[str, Declared] = field(default_factory=lambda: dict.fromkeys(SOURCES, Declared()))
    why_failed: str = ""
    reader: Store = field(init=False, repr=False)
    """Stays open while others write."""
    _job: dg.JobDefinition | None = None

    def __post_init__(self) -> None:
        """Open the store for reading."""
        self.reader = self.deployment.store

    @classmethod
    def begin(cls, instance: dg.DagsterInstance, site: FaultServer) -> "Life":
        """Write sources and sinks into an empty folder, and publish nothing once."""
        folder = Path(tempfile.mkdtemp())
        deployment = Deployment(folder, instance, {HOST: site.address}, now=NOW, sinks=folder / "sinks")
        deployment.sinks.mkdir()
        for kind in SINKS:
            (deployment.sinks / f"{kind}.yaml").write_text(
                f"name: {kind}\ndescription: A {kind} for tests\nkind: {kind}\n"
            )
        life = cls(deployment, site)
        for source in SOURCES:
            life.declare(source, Declared())
            for number in NUMBERS:
                site.add(f"/{source}/{number}", life._answer)
        life.materialize((*PUBLISHED, "vector_index", "release", "monitoring"))
        return life

    def declare(self, source: str, declared: Declared) -> None:
        """Write a source file."""
        self.declared[source] = declared
        completeness = {"title": 1.0, **({"sku": 1.0} if declared.strict else {})}
        self.deployment.write_source(
            {
                "name": source,
                "description": "Pages of the fault server",
                "start": str(DATES[0]),
                "as_of": {"header": "X-As-Of"},
                "allow_private": True,
                "fetch": {
                    "discover": [
                        {"by": "urls", "start": [f"http://{HOST}/{source}/{number}" for number in NUMBERS]}
                    ],
                    "requests_per_second": 1_000,
                    "concurrency": 1,
                    "max_attempts": 9,
                    "breaker": _BREAKER,
                },
                "extract": {
                    "kind": "document",
                    "fields": {"title": declared.parser, "text": "p", "sku": "b"},
                },
                "expect": {"completeness": completeness},
            },
            f"{source}.yaml",
        )
        self._job = None

    def materialize(self, assets: Iterable[str], partition: Partition | None = None) -> bool:
        """Run assets and their checks; return whether the run succeeded, and keep why it did not."""
        if self._job is None:
            self._job = self.deployment.definitions().resolve_implicit_global_asset_job_def()
        result = self._job.execute_in_process(
            instance=self.deployment.instance,
            partition_key=partition.key if partition else None,
            asset_selection=[dg.AssetKey(name) for name in assets],
            run_config=SILENT,
            raise_on_error=False,
        )
        failures = [event for event in result.all_events if event.is_failure]
        self.why_failed = "\n".join(f"{event.step_key}: {event.event_specific_data}" for event in failures)
        return result.success

    def judge(self, partition: Partition, layer: str) -> None:
        """Judge what is stored of a layer by what its source file says now."""
        table = TABLES[layer]
        checks = [check for step in STEPS.values() for check in step if check.table.name == table.name]
        judge = Judge(
            store=self.deployment.store,
            sources=load_sources(self.deployment.sources),
            now=dt.datetime.fromisoformat(NOW),
        )
        judge.judge(checks, partition, run_id="judge")

    def roll_back(self, partition: Partition, version: int) -> None:
        """Make records what they were at a version of their table."""
        roll_back(self.deployment.store, "records", version, partition)

    def requests(self) -> list[str]:
        """Return what the site was asked for since the last call, robots.txt left out."""
        targets = self.site.targets()
        self.site.log.clear()
        return sorted(targets)

    def admitted(self, layer: str) -> dict[Partition, bool]:
        """Return the partitions of a layer that were ever written, and whether readers get them."""
        states = self.reader.ledger.states(TABLES[layer])
        columns = states.select("date", "source", "admitted").iter_rows()
        return {Partition(date, source): admitted for date, source, admitted in columns}

    def titles(self, partition: Partition) -> set[str | None]:
        """Return the titles of the records that readers get. Raises NotAdmittedError."""
        return set(self.reader.read_admitted(TABLES["records"], partition)["title"])

    def held(self, sink: str) -> pl.DataFrame:
        """Return what a sink holds."""
        declared = load_sinks(self.deployment.sinks)[sink]
        return open_sink(declared, self.deployment.store.location, {}).read()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        _, source, number = request.path.split("/")
        partition = Partition(dt.date.fromisoformat(request.headers["X-As-Of"][:10]), source)
        shown = self.shown[partition]
        if int(number) >= shown.down_from:
            return web.Response(status=503)
        if int(number) in shown.gone:
            return web.Response(status=410)
        if int(number) in shown.failing:
            return web.Response(status=403)
        heading = title(partition, int(number), shown.version)
        # texts of their own: near-duplicates are not delivered
        words = random.Random(heading).choices(range(10**6), k=60)
        text = " ".join(f"w{word}" for word in words)
        body = f"<title>x</title><{shown.layout}>{heading}</{shown.layout}><p>{text}.</p>"
        return web.Response(text=body, content_type="text/html")

    def show(self, partition: Partition, **changes: object) -> None:
        """Change what the site shows for a partition."""
        self.shown[partition] = replace(self.shown[partition], **changes)  # type: ignore[arg-type]
