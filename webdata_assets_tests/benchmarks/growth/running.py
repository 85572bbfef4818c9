"""A deployment with one source, and one run of some of its assets with all their checks.

What belongs here: the source file, what lies in the store before, and the run. What does not: which layer
needs what (layers/).
"""

import datetime as dt
import logging
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from webdata_assets.partitions import Partition
from webdata_assets.settings import Settings
from webdata_assets.store import Store
from webdata_assets_tests.benchmarks.growth.material import FIRST, SECOND, SOURCE
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.store.rows import admit, put

_SECTIONS: Mapping[str, Any] = {
    "fetch": {
        "discover": [{"by": "urls", "start": ["https://shop.example.com/p/00000000"]}],
        "robots": "ignore",
        "requests_per_second": 100_000,
        "concurrency": 16,
        "max_pages": 10_000_000,
    },
    "extract": {"kind": "article", "fields": {"title": "h1"}},
}


def settings_of(folder: Path) -> Settings:
    """Return the settings of the deployment in a folder."""
    return Settings(store=str(folder / "store"), sources=folder / "sources", home=folder / "home")


def store_of(folder: Path) -> Store:
    """Return its store."""
    return Store.open(settings_of(folder).store)


def declare(folder: Path, **sections: Mapping[str, Any]) -> None:
    """Write the source file; a section's values are added to what it has."""
    settings = settings_of(folder)
    settings.sources.mkdir(parents=True, exist_ok=True)
    settings.home.mkdir(exist_ok=True)
    content = {
        name: {**_SECTIONS.get(name, {}), **sections.get(name, {})} for name in {*_SECTIONS, *sections}
    }
    about = {"name": SOURCE, "description": "Pages without end", "start": "2025-01-01"}
    (settings.sources / f"{SOURCE}.yaml").write_text(yaml.safe_dump({**about, **content}))


def write(
    store: Store, name: str, rows: pl.DataFrame, partition: Partition | None = FIRST, **given: object
) -> None:
    """Write and admit rows, as the IO manager and the checks do."""
    put(store, name, rows, partition, **given)
    admit(store, name, partition)


def noon_of(partition: Partition) -> dt.datetime:
    """Return the moment at which a partition is worked on."""
    return dt.datetime.combine(partition.date, dt.time(12), dt.UTC)


def ready_run(
    folder: Path,
    *assets: str,
    partition: Partition | None = None,
    resources: Mapping[str, object] | None = None,
) -> Callable[[], dict[str, float]]:
    """Return the work of running assets with all their checks; definitions are loaded before it."""
    import dagster as dg

    from webdata_assets.definitions import build_defs
    from webdata_assets.resources import ClockResource

    logging.disable(logging.INFO)
    clock = ClockResource(fixed=noon_of(partition or SECOND).isoformat())
    definitions = build_defs(settings=settings_of(folder), resources={"clock": clock, **(resources or {})})
    job = definitions.resolve_implicit_global_asset_job_def()
    instance = dg.DagsterInstance.local_temp(tempfile.mkdtemp(prefix="dagster-", dir=folder))

    def work() -> dict[str, float]:
        result = job.execute_in_process(
            instance=instance,
            partition_key=partition.key if partition else None,
            asset_selection=[dg.AssetKey(name) for name in assets],
            run_config=SILENT,
        )
        failed = [
            f"{each.asset_key.to_user_string()}.{each.check_name}"
            for each in result.get_asset_check_evaluations()
            if not each.passed
        ]
        if failed:
            print(f"failed: {', '.join(failed)}", file=sys.stderr)
        return {"event_rows": len(instance.all_logs(result.run_id)), "failed_checks": len(failed)}

    return work
