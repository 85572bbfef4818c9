"""CPU seconds of a look of the sensors over a large store: 50 sources, 90 days, one partition in ten failed.

Run as `python -m webdata_assets_tests.benchmarks.repairs [--sources N] [--days N]`.
"""

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from webdata_assets.automation.budget import plan_answers
from webdata_assets.automation.refresh import plan_refresh
from webdata_assets.partitions import Partition
from webdata_assets.sources.registry import load_sources
from webdata_assets.store import Store
from webdata_assets.tasks.model import Retrain
from webdata_assets_tests.automation.history import DAY, MODEL_ID, NOON, History
from webdata_assets_tests.deployment import Deployment

RUNS = 3
LIMIT_SECONDS = 2.0
FAILED_EVERY = 10


def write_past(history: History, sources: int, days: int) -> int:
    """Enter the past of all partitions; return how many entries the ledger has."""
    for number in range(sources):
        name = f"source_{number:02}"
        history.declare(name, schedule="0 6 * * *", start="2026-01-01")
        for age in range(days):
            partition = Partition(DAY - dt.timedelta(days=age), name)
            at = dt.datetime.combine(partition.date, dt.time(12), dt.UTC)
            if (age + number) % FAILED_EVERY:
                history.admit(partition, at)
            else:
                history.write("frontier", at, partition=partition)
                history.write(
                    "pages", at + dt.timedelta(seconds=1), partition=partition, failed=["completeness"]
                )
    entries = len(history.entries)
    assert history.store
    return entries


def cpu_seconds(action: Callable[[], object]) -> float:
    """Return the least CPU time of several calls, of all threads of this process."""
    seconds = []
    for _ in range(RUNS):
        before = time.process_time()
        action()
        seconds.append(time.process_time() - before)
    return min(seconds)


def main() -> int:
    """Print the figures; return 1 when a look takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--days", type=int, default=90)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        deployment = Deployment(Path(folder), instance, {})
        history = History(deployment, Store.open(deployment.settings.store))
        entries = write_past(history, chosen.sources, chosen.days)
        store, registry = history.store, load_sources(deployment.sources)

        def look() -> list[object]:
            return list(
                plan_answers(
                    instance, store, registry, NOON, model_id=MODEL_ID, attempts_per_day=3, runs_per_day=200
                )
            )

        count = len(look())
        repairs = cpu_seconds(look)
        refresh = cpu_seconds(lambda: plan_refresh(store, Retrain(), set(registry.enabled), NOON))
    verdict = "within" if max(repairs, refresh) < LIMIT_SECONDS else "OVER"
    print(f"{chosen.sources} sources × {chosen.days} days, {entries} entries of the ledger, {count} repairs")
    print(f"plan of repairs      {repairs:5.2f} CPU-s   least of {RUNS}, {verdict} {LIMIT_SECONDS:g}")
    print(f"plan of a retraining {refresh:5.2f} CPU-s   least of {RUNS}, {verdict} {LIMIT_SECONDS:g}")
    return int(verdict == "OVER")


if __name__ == "__main__":
    sys.exit(main())
