"""What a partition of a backfill costs: `python -m webdata_assets_tests.benchmarks.backfill [--days 100]`.

Days of a site of three pages, where hardly anything but orchestration is left: by `webdata backfill`, by a
`webdata run` for each day, and under Dagster's default executor, which starts a process for each step.
"""

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.whole.costs import run_command
from webdata_assets_tests.deployment import ENCODERS
from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer

FIRST = dt.date(2026, 6, 1)
SOURCE = "three_pages"
TOGETHER, EACH, DEFAULT = "webdata backfill", "webdata run, a process each", "Dagster's default executor"
_PAGES = 3


@dataclass(frozen=True)
class Costs:
    """Of one way: CPU and wall seconds of a partition, everything included."""

    way: str
    partitions: int
    cpu_seconds: float
    wall_seconds: float


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print a table; the exit code says whether a partition costs a fifth of the default or less."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--days", type=int, default=100, help="of `webdata backfill` (default: 100)")
    arguments.add_argument("--runs", type=int, default=3, help="of each other way (default: 3)")
    options = arguments.parse_args(given)
    with FaultServer() as site, tempfile.TemporaryDirectory(prefix="webdata-backfill-") as temporary:
        for number in range(_PAGES):
            site.add(f"/{number}", page(f"<title>Page {number}</title><p>{'A word and another. ' * 20}"))
        costs = [
            measure(way, days, Path(temporary) / str(number), site.address)
            for number, (way, days) in enumerate(
                ((TOGETHER, options.days), (EACH, options.runs), (DEFAULT, options.runs))
            )
        ]
    rows = [asdict(each) | {"× less CPU": costs[-1].cpu_seconds / each.cpu_seconds} for each in costs]
    report({"costs": rows}, [("A partition of a backfill", rows)], options.json)
    return 0 if costs[0].cpu_seconds * 5 <= costs[-1].cpu_seconds else 1


def measure(way: str, days: int, folder: Path, address: str) -> Costs:
    """Return what a partition costs on average; the first day is made before, and not measured."""
    environment = _deployment(folder, address)
    dates = [FIRST + dt.timedelta(days=day) for day in range(days + 1)]
    run_command(_commands(TOGETHER, dates[:1])[0], environment)
    used = [run_command(command, environment) for command in _commands(way, dates[1:])]
    admitted = Store.open(environment["WEBDATA_STORE"]).ledger.admitted(TABLES["embeddings"]).height
    assert admitted == len(dates), f"{way}: {admitted} of {len(dates)} partitions are admitted"
    cpu, wall = (sum(getattr(each, name) for each in used) for name in ("cpu_seconds", "wall_seconds"))
    return Costs(way, days, cpu / days, wall / days)


def _commands(way: str, dates: Sequence[dt.date]) -> list[list[str]]:
    webdata, dagster = (str(Path(sys.executable).with_name(name)) for name in ("webdata", "dagster"))
    if way == TOGETHER:
        return [[webdata, "backfill", "--source", SOURCE, "--from", str(dates[0]), "--to", str(dates[-1])]]
    if way == EACH:
        return [[webdata, "run", "--source", SOURCE, "--date", str(date)] for date in dates]
    module = "webdata_assets_tests.benchmarks.default_executor"
    tags = [json.dumps(Partition(date, SOURCE).tags) for date in dates]
    return [[dagster, "job", "execute", "-m", module, "-j", CRAWL, "--tags", each] for each in tags]


def _deployment(folder: Path, address: str) -> Mapping[str, str]:
    for name in ("home", "sources", "dagster"):
        (folder / name).mkdir(parents=True)
    (folder / "home" / "encoders").symlink_to(ENCODERS)
    shutil.copy(Path(__file__).parents[2] / "webdata_assets" / "dagster.yaml", folder / "dagster")
    source = {
        "name": SOURCE, "description": "A site of three pages", "start": str(FIRST), "allow_private": True,
        "as_of": {"header": "X-As-Of"},
        "fetch": {
            "discover": [{"by": "urls", "start": [f"http://{address}/{number}" for number in range(_PAGES)]}],
            "requests_per_second": 1_000,
        },
        "extract": {"kind": "document"},
    }  # fmt: skip
    (folder / "sources" / f"{SOURCE}.yaml").write_text(yaml.safe_dump(source))
    return {
        "PATH": os.environ["PATH"],
        "DAGSTER_HOME": str(folder / "dagster"),
        "WEBDATA_STORE": str(folder / "store"),
        "WEBDATA_HOME": str(folder / "home"),
        "WEBDATA_SOURCES": str(folder / "sources"),
    }


if __name__ == "__main__":
    sys.exit(main())
