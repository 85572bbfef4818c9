"""A store whose ledger has a past: writes and verdicts at chosen moments, without any run.

What belongs here: what tests of the rules need to set up. What does not: assertions.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl
from blake3 import blake3

from webdata_assets.automation.causes import Repair
from webdata_assets.automation.repairs import plan_repairs
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.sources.registry import load_sources
from webdata_assets.stages.embed.encoders.minilm import minilm_id
from webdata_assets.stages.embed.version import embedding_version
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.store import Store
from webdata_assets.store.past import past_version
from webdata_assets_tests.deployment import Deployment

DAY = dt.date(2026, 6, 10)
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)
MODEL_ID = minilm_id()
HOUR, MINUTE, SECOND = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)
LAYERS = ("frontier", "pages", "records", "changes", "fingerprints", "features", "embeddings")
UNPARTITIONED = (
    "near_duplicates", "compared_partitions", "corpus", "vector_index", "training_set", "model", "release",
    "monitoring", "delivery",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """Writes the past of one deployment, in one commit when the store is asked for."""

    deployment: Deployment
    opened: Store
    entries: list[dict[str, object]] = field(default_factory=list)

    def declare(self, name: str = "news", **changes: object) -> None:
        """Write a source file: one page of a host that nobody serves, asked for by date."""
        source: dict[str, object] = {
            "name": name,
            "description": "One page",
            "start": "2026-06-01",
            "as_of": {"header": "X-As-Of"},
            "fetch": {
                "discover": [{"by": "urls", "start": ["http://nowhere.test/"]}],
                "max_attempts": 1,
                "breaker": {"max_wait_seconds": 0.2},
            },
            "allow_private": True,
            "extract": {"kind": "document", "fields": {"title": "h1"}},
        }
        source |= changes
        kept = {key: value for key, value in source.items() if value is not None}
        self.deployment.write_source(kept, f"{name}.yaml")

    def patch(self, name: str = "news") -> None:
        """Change how the source's title is found."""
        self.declare(name, extract={"kind": "document", "fields": {"title": "h2"}})

    @property
    def parser(self) -> str:
        """The version of the source's extraction as it is declared now."""
        return extractor_version(load_sources(self.deployment.sources).get("news"))

    def write(
        self,
        layer: str,
        at: dt.datetime,
        *,
        partition: Partition | None = None,
        failed: Collection[str] = (),
        checked_at: dt.datetime | None = None,
        unchecked: bool = False,
        content: str = "",
        parser: str | None = None,
        model: str = MODEL_ID,
        run_id: str = "run",
        past_version: str | None = None,
    ) -> None:
        """Enter a write and, unless `unchecked`, a verdict of each of the table's blocking checks.

        Args:
            checked_at: the moment of the verdicts, that of the write if not given.
            content: what the data version depends on, beside layer and partition.
            parser: the code version of the write.
            model: in the code version of embeddings.
            run_id: of the run that wrote.
            past_version: of the past that the write was made of.
        """
        table = TABLES[layer]
        assert table.partitioned == (partition is not None)
        write = {
            "asset": layer,
            "date": partition.date if partition else None,
            "source": partition.source if partition else None,
            "severity": "ERROR",
            "data_version": blake3(f"{layer}{partition}{content}".encode()).hexdigest(),
            "code_version": embedding_version(model, "structure") if layer == "embeddings" else parser,
            "rows": 1,
            "past_version": past_version,
            "run_id": run_id,
        }
        self.entries.append({**write, "check": MATERIALIZED, "passed": False, "blocking": False, "at": at})
        if unchecked:
            return
        judged = {**write, "at": max(checked_at or at, at + dt.timedelta(microseconds=1))}
        for check in table.blocking_checks:
            self.entries.append({**judged, "check": check, "passed": check not in failed, "blocking": True})

    def admit(
        self,
        partition: Partition,
        at: dt.datetime,
        *,
        layers: Collection[str] = LAYERS,
        content: str = "",
        observed_at: dt.datetime | None = None,
    ) -> None:
        """Write layers with every check passed, a second apart, and one page where it was observed."""
        for number, layer in enumerate(layers):
            self.write(layer, at + dt.timedelta(seconds=number), partition=partition, content=content)
        if observed_at is not None:
            self.observe(partition, observed_at)

    def outdate(self, partition: Partition, at: dt.datetime) -> None:
        """Admit a partition, and the date before it only then."""
        self.admit(partition, at, layers=LAYERS[:3])
        for layer in ("changes", "features"):
            past = past_version(self.store.ledger, partition)
            self.write(layer, at + 5 * SECOND, partition=partition, past_version=past)
        self.admit(partition, at + 10 * SECOND, layers=["fingerprints", "embeddings"])
        self.admit(Partition(partition.date - dt.timedelta(days=1), partition.source), at + MINUTE)

    def observe(self, partition: Partition, at: dt.datetime) -> None:
        """Store one page with the moment of its observation."""
        pages = TABLES["pages"]
        page = {
            "date": partition.date, "source": partition.source, "url": "http://nowhere.test/",
            "observed_at": at,
        }  # fmt: skip
        self.opened.tables.overwrite(
            pages,
            pl.DataFrame([page], schema=pages.polars_schema),
            partition=partition,
            run_id="run",
            data_version="0" * 64,
        )

    def train(self, at: dt.datetime, content: str = "") -> None:
        """Write every unpartitioned table, a second apart, as a retraining does."""
        for number, layer in enumerate(UNPARTITIONED):
            self.write(layer, at + dt.timedelta(seconds=number), content=content)

    def repairs(self, now: dt.datetime = NOON, model: str = MODEL_ID) -> list[Repair]:
        """Return what is to be repaired now, with this model in use."""
        return plan_repairs(self.store, load_sources(self.deployment.sources), now, model)

    @property
    def store(self) -> Store:
        """The store, with everything that was written so far."""
        if self.entries:
            schema = CHECK_RESULTS.polars_schema
            self.opened.tables.append(CHECK_RESULTS, pl.DataFrame(self.entries, schema=schema))
            self.entries.clear()
        return self.opened


def news(date: dt.date = DAY) -> Partition:
    """Return the partition of the source `news`."""
    return Partition(date, "news")
