"""A small graph under the house's IO manager and checks: frontier → pages → corpus, with rows given by tests.

What belongs here: assets that return what they are told to. What does not: assertions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import dagster as dg
import polars as pl

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.factory import build_check_step
from webdata_assets.definitions import build_resources
from webdata_assets.partitions import Partition, build_partitions_definition
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import DAY, frame, row

SOURCE_FILE = """
name: {name}
description: A source of tests
start: 2026-06-01
fetch: {{discover: [{{by: urls, start: ["https://{name}.example.com/0"]}}]}}
extract: {{kind: article}}
"""
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
GRID = build_partitions_definition(DAY, ["blog", "shop"])


def plain_frontier(partition: Partition) -> pl.DataFrame:
    return frame("frontier", row("frontier", partition))


@dataclass
class Graph:
    """Assets by name with what they read; `make` overrides the frontier's rows."""

    settings: Settings
    instance: dg.DagsterInstance
    make: Callable[[Partition], pl.DataFrame] = plain_frontier
    metadata: Mapping[str, object] = field(default_factory=dict)
    seen: dict[str, object] = field(default_factory=dict)
    """What each reader was given."""

    @property
    def store(self) -> Store:
        return Store.open(self.settings.store)

    def definitions(self) -> dg.Definitions:
        @dg.asset(partitions_def=GRID)
        def frontier(context: dg.AssetExecutionContext):
            rows = self.make(Partition.from_key(context.partition_key))
            return dg.Output(rows, metadata=dict(self.metadata))

        @dg.asset(partitions_def=GRID)
        def pages(context: dg.AssetExecutionContext, frontier: pl.DataFrame) -> pl.DataFrame:
            self.seen["pages"] = frontier
            return frame("pages", row("pages", Partition.from_key(context.partition_key)))

        @dg.asset(ins={"everything": dg.AssetIn("frontier")})
        def corpus(everything: pl.LazyFrame) -> pl.DataFrame:
            self.seen["corpus"] = everything
            return frame("corpus")

        @dg.asset
        def delivery(frontier: pl.DataFrame, corpus: pl.DataFrame) -> pl.DataFrame:
            self.seen["delivery"] = (frontier, corpus)
            return frame("delivery")

        steps = [build_check_step("frontier_checks", STEPS["frontier_checks"], GRID)]
        steps.append(build_check_step("corpus_checks", STEPS["corpus_checks"], None))
        return dg.Definitions(
            assets=[frontier, pages, corpus, delivery],
            asset_checks=steps,
            resources=build_resources(self.settings),
            executor=dg.in_process_executor,
        )

    def materialize(self, *names: str, partition: Partition | None = None) -> dg.ExecuteInProcessResult:
        """Run assets, with their checks, in one run; failures are returned, not raised."""
        definitions = self.definitions()
        job = dg.define_asset_job("chosen", selection=dg.AssetSelection.assets(*names))
        return (
            dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
            .resolve_job_def("chosen")
            .execute_in_process(
                instance=self.instance,
                partition_key=partition.key if partition else None,
                raise_on_error=False,
                run_config=SILENT,
            )
        )


def failure_of(result: dg.ExecuteInProcessResult, step: str) -> tuple[str | None, str]:
    """Return class and message of the error that failed a step, the innermost of its causes."""
    error = result.failure_data_for_node(step).error
    while error.cause is not None:
        error = error.cause
    return error.cls_name, error.message
