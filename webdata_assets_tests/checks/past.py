"""A ledger with a past: what a check found on the admitted partitions of the days before.

What belongs here: entering it in one commit. What does not: assertions.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import orjson
import polars as pl
from blake3 import blake3

from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import DAY

MICROSECOND = dt.timedelta(microseconds=1)


def remember(
    store: Store,
    table: str,
    check: str,
    values: Sequence[float | None],
    *,
    metrics: Sequence[Mapping[str, float]] = (),
    end: dt.date = DAY,
    source: str = "shop",
    failed: Sequence[dt.date] = (),
) -> None:
    """Enter a partition for each value, on consecutive days up to the one before `end`.

    Args:
        metrics: of the same check and days; none if empty.
        failed: dates whose partition a blocking check has failed, so that they are not admitted.
    """
    rows = []
    for number, value in enumerate(values):
        date = end - dt.timedelta(days=len(values) - number)
        at = dt.datetime.combine(date, dt.time(12), dt.UTC)
        entry = {
            "asset": table, "date": date, "source": source, "severity": "ERROR", "rows": 1, "run_id": "run",
            "data_version": blake3(f"{table}{date}{source}".encode()).hexdigest(), "code_version": "1",
        }  # fmt: skip
        rows.append({**entry, "check": MATERIALIZED, "passed": False, "blocking": False, "at": at})
        found = {
            "value": value,
            "metrics": orjson.dumps(metrics[number]).decode() if metrics else None,
        }
        for name, is_blocking in _checks(table, check):
            rows.append(
                {
                    **entry, **(found if name == check else {}), "check": name, "blocking": is_blocking,
                    "passed": not (is_blocking and date in failed), "at": at + MICROSECOND,
                }
            )  # fmt: skip
    store.tables.append(CHECK_RESULTS, pl.DataFrame(rows, schema=CHECK_RESULTS.polars_schema))


def _checks(table: str, check: str) -> Iterator[tuple[str, bool]]:
    blocking = TABLES[table].blocking_checks
    yield from ((name, True) for name in blocking)
    if check not in blocking:
        yield check, False
