"""The daily report of many sources and dates: seconds, CPU, and bytes of the page.

What belongs here: making a ledger, and measuring. What does not: what a report tells.

`python -m webdata_assets_tests.benchmarks.report --sources 50 --days 90 --json OUT`
"""

import tempfile
import time
from collections.abc import Callable
from typing import TypeVar

from webdata_assets.schemas import CHECK_RESULTS
from webdata_assets.stages.observe.report.page import render
from webdata_assets.store import Store
from webdata_assets.store.report_facts import gather
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.observe.synthetic import NOW, cells, fill, names, registry
from webdata_assets_tests.observe.synthetic_tables import fill_tables, propose, raise_alerts

MAX_SECONDS = 5.0
MAX_BYTES = 1_000_000

Result = TypeVar("Result")


def main() -> None:
    """Fill a store, and measure a report of it."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--sources", type=int, default=50, help="(default: %(default)s)")
    arguments.add_argument("--days", type=int, default=90, help="(default: %(default)s)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = filled(folder, given.sources, given.days)
        rows = measure(store, given.sources)
        entries = store.tables.scan(CHECK_RESULTS).collect().height
    title = f"{given.sources} sources × {given.days} days, {entries:,} entries in the ledger"
    report({"report": rows, "entries": entries}, [(title, rows)], given.json)


def filled(folder: str, sources: int, days: int) -> Store:
    """Return a store of so many partitions, with everything else that a report tells."""
    store = Store.open(folder, now=lambda: NOW)
    fill(store, cells(sources, days))
    fill_tables(store)
    raise_alerts(store, "completeness of shop_05 failed")
    propose(store, registry(names(sources)), "shop_05")
    return Store.open(folder, now=lambda: NOW)


def measure(store: Store, sources: int) -> list[dict[str, object]]:
    """Return one row for gathering, one for rendering, and one for both."""
    facts, gathering = timed(lambda: gather(store, registry(names(sources)), NOW))
    page, rendering = timed(lambda: render(facts))
    both = {name: gathering[name] + rendering[name] for name in gathering}
    return [
        {"part": "gather", **gathering, "bytes": None},
        {"part": "render", **rendering, "bytes": len(page.encode())},
        {"part": "report", **both, "bytes": len(page.encode())},
    ]


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """Do some work; return what it gives, with its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall s": time.perf_counter() - wall, "CPU s": time.process_time() - cpu}


if __name__ == "__main__":
    main()
