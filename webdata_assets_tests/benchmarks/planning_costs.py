"""What one partition costs: recorded from real runs of the demo, or measured again.

What belongs here: runs, and the line fitted through them. What does not: what follows for a plan
(planning.py).
"""

import datetime as dt
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from deltalake import DeltaTable

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.demo.server import DemoSite
from webdata_assets.schemas import TABLES
from webdata_assets_tests.deployment import ENCODERS, Deployment

_SOURCES = ("demo_api", "demo_blog", "demo_shop")
_FIRST, _DATES = dt.date(2026, 6, 1), 4


@dataclass(frozen=True)
class Costs:
    """Of one partition, all its layers and checks: something for the partition, and something for each page.

    Attributes:
        fixed_cpu, page_cpu: CPU seconds, those of the processes that read pages included.
        event_rows: in Dagster's event log.
        ledger_rows: in the admission ledger.
        fixed_bytes, page_bytes: in the store, after the run, before compaction.
    """

    fixed_cpu: float
    page_cpu: float
    event_rows: float
    ledger_rows: float
    fixed_bytes: float
    page_bytes: float

    def cpu(self, pages: int) -> float:
        """Return the CPU seconds of a partition."""
        return self.fixed_cpu + self.page_cpu * pages

    def stored_bytes(self, pages: int) -> float:
        """Return the bytes of a partition."""
        return self.fixed_bytes + self.page_bytes * pages


@dataclass(frozen=True)
class _Run:
    pages: int
    cpu: float
    event_rows: int
    ledger_rows: int
    stored: int


RECORDED = Costs(
    fixed_cpu=7.3, page_cpu=0.012, event_rows=234, ledger_rows=57, fixed_bytes=314e3, page_bytes=1_670
)
"""By `measure()` on two cores. The demo's pages are small and few: take those of your own sources."""


def measure() -> Costs:
    """Run the demo's sources for some dates in this process, and return what a partition costs."""
    with (
        tempfile.TemporaryDirectory(prefix="webdata-plan-") as folder,
        DemoSite() as site,
        dg.DagsterInstance.local_temp() as instance,
    ):
        deployment = Deployment(Path(folder), instance, site.connect_to)
        deployment.take_packaged(*_SOURCES)
        deployment.settings.encoders.parent.mkdir(parents=True, exist_ok=True)
        deployment.settings.encoders.symlink_to(ENCODERS)
        runs = [
            _measured(deployment, f"{_FIRST + dt.timedelta(days=day)}|{source}")
            for day in range(_DATES)
            for source in _SOURCES
        ]
    # the first runs create tables and load libraries
    return fitted(runs[len(_SOURCES) :])


def fitted(runs: list[_Run]) -> Costs:
    """Return the costs whose lines through the runs leave the least squares; no cost is below zero."""
    import numpy as np

    design = np.array([[1, run.pages] for run in runs], dtype=float)

    def line(values: list[float]) -> tuple[float, float]:
        (fixed, each), *_ = np.linalg.lstsq(design, np.array(values, dtype=float), rcond=None)
        return max(0.0, float(fixed)), max(0.0, float(each))

    fixed_cpu, page_cpu = line([run.cpu for run in runs])
    fixed_bytes, page_bytes = line([run.stored for run in runs])
    return Costs(
        fixed_cpu,
        page_cpu,
        sum(run.event_rows for run in runs) / len(runs),
        sum(run.ledger_rows for run in runs) / len(runs),
        fixed_bytes,
        page_bytes,
    )


def _measured(deployment: Deployment, key: str) -> _Run:
    before = _stored(deployment), _ledger_rows(deployment), _cpu_seconds()
    outcome = deployment.run(CRAWL, key)
    cpu = _cpu_seconds() - before[2]
    date, source = key.split("|")
    pages = deployment.store.tables.scan(TABLES["pages"])
    rows = pages.filter(date=dt.date.fromisoformat(date), source=source).collect().height
    return _Run(
        pages=rows,
        cpu=cpu,
        event_rows=len(deployment.instance.all_logs(outcome.run_id)),
        ledger_rows=_ledger_rows(deployment) - before[1],
        stored=_stored(deployment) - before[0],
    )


def _stored(deployment: Deployment) -> int:
    return sum(path.stat().st_size for path in Path(deployment.settings.store).rglob("*") if path.is_file())


def _ledger_rows(deployment: Deployment) -> int:
    path = deployment.store.location.table("check_results")
    return DeltaTable(path).to_pyarrow_dataset().count_rows() if DeltaTable.is_deltatable(path) else 0


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
