"""A whole deployment in a temporary folder: real Delta tables, a real Dagster instance, real source files.

What belongs here: what tests of runs need to set one up and drive it. What does not: assertions.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import yaml

from webdata_assets.cli.instance import Outcome, answer, execute, tick
from webdata_assets.definitions import build_defs
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, ExtractorResource
from webdata_assets.settings import PACKAGED_SINKS, PACKAGED_SOURCES, PACKAGED_TASK, Settings
from webdata_assets.store import Store

REPOSITORY = Path(__file__).resolve().parents[1]
ENCODERS = REPOSITORY / ".webdata" / "encoders"
PATCH = Path(__file__).parent / "patches" / "demo_shop.yaml"
"""The shop's source file as a person would patch it for the layout of 5 June."""
"""Converted once for all tests, and kept."""


@contextmanager
def deployment_in(folder: Path, encoders: Path) -> "Iterator[Deployment]":
    """Give an empty deployment in a folder, with its own history and an encoder that is there already."""
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoders)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Deployment(folder, instance, {})


@dataclass
class Deployment:
    """One store, one folder of source files, one instance. `now` stands still when given (ISO 8601)."""

    folder: Path
    instance: dg.DagsterInstance
    connect_to: dict[str, str]
    now: str = ""
    shards: int = 1
    step_pages: int = 0
    task: Path = PACKAGED_TASK
    sinks: Path = PACKAGED_SINKS
    encoder_max_tokens: int = 0

    @property
    def sources(self) -> Path:
        return self.folder / "sources"

    @property
    def settings(self) -> Settings:
        return Settings(
            store=str(self.folder / "store"),
            sources=self.sources,
            home=self.folder / "home",
            connect_to=self.connect_to,
            crawl_shards=self.shards,
            extract_step_pages=self.step_pages,
            task=self.task,
            sinks=self.sinks,
            encoder_max_tokens=self.encoder_max_tokens,
        )

    @property
    def store(self) -> Store:
        return Store.open(self.settings.store)

    def definitions(self) -> dg.Definitions:
        """Load the code location anew, as a new process would."""
        settings = self.settings
        extractor = ExtractorResource.of(settings, kept=True)
        clock = ClockResource(fixed=self.now)
        return build_defs(settings=settings, resources={"clock": clock, "extractor": extractor})

    def take_packaged(self, *names: str) -> None:
        """Copy source files that ship with the package."""
        self.sources.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(PACKAGED_SOURCES / f"{name}.yaml", self.sources)

    def write_source(self, content: str | Mapping[str, object], file: str = "source.yaml") -> Path:
        """Write a source file from its text or its values."""
        self.sources.mkdir(parents=True, exist_ok=True)
        path = self.sources / file
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(dict(content)))
        return path

    def run(self, job: str, partition: str | None = None) -> Outcome:
        """Run a job for one partition key in this process."""
        chosen = Partition.from_key(partition) if partition else None
        return execute(self.definitions(), self.instance, job, partition=chosen)

    def tick(self, sensor: str) -> dg.SensorResult:
        """Evaluate a sensor once."""
        return tick(self.definitions(), self.instance, sensor)

    def answer(self, sensor: str) -> list[Outcome]:
        """Evaluate a sensor once and run what it requests."""
        requests = self.tick(sensor).run_requests or []
        return [answer(self.definitions(), self.instance, sensor, request) for request in requests]
