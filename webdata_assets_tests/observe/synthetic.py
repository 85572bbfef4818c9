"""A ledger of many sources and dates, written without a crawl: most of it good, some of it not.

What belongs here: rows that look as runs leave them. What does not: assertions.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import polars as pl

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.schemas.pages import DEAD_LETTERS
from webdata_assets.schemas.records import QUARANTINE
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import digest

NOW = dt.datetime(2026, 6, 30, 0, 30, tzinfo=dt.UTC)
LAYERS = tuple(table for table in TABLES.values() if table.partitioned)
CHECKS = [check for checks in STEPS.values() for check in checks if check.table.partitioned]
SOURCE_FILE = {
    "description": "A shop",
    "start": "2026-01-01",
    "schedule": "0 6 * * *",
    "fetch": {"discover": [{"by": "urls", "start": ["https://shop.example.com/0"]}]},
    "extract": {"kind": "product", "fields": {"title": "h1", "price": {"css": ".price"}}},
    "expect": {"completeness": {"title": 0.95, "price": 0.9}},
}


@dataclass(frozen=True)
class Cell:
    """One partition to be: how much of it there is, and what is wrong with it."""

    date: dt.date
    source: str
    pages: int
    level: float
    price_share: float
    fails: str = ""
    """`layer.check`; layers after it were never written."""
    warns: str = ""
    reached: str = ""
    """The last layer that was written; all of them if empty."""


def names(count: int) -> list[str]:
    """Return names of sources."""
    return [f"shop_{number:02d}" for number in range(count)]


def registry(sources: Sequence[str]) -> Registry:
    """Return source files of these names."""
    return Registry({name: Source.model_validate({"name": name, **SOURCE_FILE}) for name in sources}, {})


def cells(sources: int, days: int, *, seed: int = 1) -> list[Cell]:
    """Return a grid up to yesterday: weekly waves, a few failures, warnings, pauses and gaps."""
    random = np.random.default_rng(seed)
    made = []
    for number, source in enumerate(names(sources)):
        level = int(random.integers(40, 4_000))
        for day in range(days):
            date = NOW.date() - dt.timedelta(days=days - day)
            wave = 1 + 0.1 * math.sin(day * 2 * math.pi / 7) + 0.03 * float(random.normal())
            is_last, dice = day == days - 1, float(random.random())
            cell = {"date": date, "source": source, "level": level}
            cell["pages"] = max(1, round(level * wave))
            cell["price_share"] = min(1.0, 0.97 + 0.015 * float(random.normal()))
            if dice < 0.004:
                continue
            if number % 16 == 5 and is_last:
                cell |= {"fails": "records.completeness", "price_share": 0.31}
            elif dice < 0.008:
                cell |= {"fails": "pages.completeness", "pages": round(level * 0.3)}
            elif dice < 0.03:
                cell["warns"] = "pages.finished"
            elif number % 21 == 2 and is_last:
                cell["reached"] = "records"
            made.append(Cell(**cell))
    return made


def fill(store: Store, wanted: Sequence[Cell], *, letters: int = 2) -> None:
    """Write the ledger's entries of these partitions, and some quarantine and dead letters of each."""
    entries = [entry for cell in wanted for entry in _entries(cell)]
    store.tables.append(CHECK_RESULTS, pl.DataFrame(entries, schema=CHECK_RESULTS.polars_schema))
    quarantine = [row for cell in wanted for row in _quarantine(cell, letters)]
    store.tables.append(QUARANTINE, pl.DataFrame(quarantine, schema=QUARANTINE.polars_schema))
    dead = [row for cell in wanted for row in _dead_letters(cell, letters)]
    store.tables.append(DEAD_LETTERS, pl.DataFrame(dead, schema=DEAD_LETTERS.polars_schema))


def _entries(cell: Cell) -> Iterator[dict[str, object]]:
    at = dt.datetime.combine(cell.date, dt.time(6, 20), tzinfo=dt.UTC)
    failed_layer = cell.fails.partition(".")[0]
    for table in LAYERS:
        rows = cell.pages if table.name != "quarantine" else 1
        common = {
            "asset": table.name, "date": cell.date, "source": cell.source, "rows": rows, "run_id": "run",
            "data_version": digest(f"{table.name}{cell}"), "code_version": "1",
        }  # fmt: skip
        written = {"check": MATERIALIZED, "passed": False, "severity": "ERROR", "blocking": False, "at": at}
        yield {**common, **written}
        for check in CHECKS:
            if check.table is not table:
                continue
            name = f"{table.name}.{check.name}"
            passed = name not in (cell.fails, cell.warns)
            value, threshold, metrics = _measured(name, cell)
            yield {
                **common,
                "check": check.name,
                "passed": passed,
                "severity": "ERROR" if check.blocking else "WARN",
                "blocking": check.blocking,
                "value": value,
                "threshold": threshold,
                "threshold_origin": "default",
                "metrics": orjson.dumps(metrics).decode() if metrics else None,
                "detail": None if passed else f"price found in 31%, expected 90% ({check.name})",
                "at": at + dt.timedelta(seconds=5),
            }
        if table.name in (failed_layer, cell.reached):
            return


def _measured(name: str, cell: Cell) -> tuple[float, float, dict[str, float]]:
    if name == "pages.completeness":
        reached = cell.pages + 3
        return 0.99, 0.95, {"expected_urls": reached, "reached_urls": reached, "content_pages": cell.pages}
    if name == "pages.freshness":
        return 17.6, 36.0, {}
    if name == "records.completeness":
        return cell.price_share, 0.9, {"completeness_title": 1.0, "completeness_price": cell.price_share}
    if name == "pages.page_count":
        band = {"low": 0.82 * cell.level, "high": 1.18 * cell.level, "content_pages": cell.pages}
        return cell.pages, band["low"], band
    if name == "records.record_count":
        return 1.0 + cell.price_share / 10, 0.85, {}
    if name in ("records.near_duplicates", "features.drift", "embeddings.drift"):
        return cell.price_share / 5, 0.55, {}
    return 0.0, 0.0, {}


def _quarantine(cell: Cell, count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        url = f"https://{cell.source}.example.com/{number}"
        yield {
            "date": cell.date, "source": cell.source, "url": url, "ordinal": 0, "disposition": "refused",
            "rule": ("required", "price|min", "published_at|type")[number % 3], "field": "price",
            "reason": "is missing", "record": "{}", "payload_hash": digest(url), "payload_date": cell.date,
        }  # fmt: skip


def _dead_letters(cell: Cell, count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {
            "date": cell.date, "source": cell.source, "url": f"https://{cell.source}.example.com/d{number}",
            "reason": ("HTTP 503", "timeout")[number % 2], "failure_domain": "target", "attempts": 4,
        }  # fmt: skip


BROKEN = Cell(
    date=NOW.date() - dt.timedelta(days=1), source="broken", pages=50, level=50, price_share=0.3,
    fails="records.completeness",
)  # fmt: skip
"""A partition of one more source, which has lost its prices."""
