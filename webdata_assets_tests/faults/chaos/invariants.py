"""What holds at every moment, whatever was killed, judged without the code that is judged.

What belongs here: one function for each promise; each returns violations, in words. What does not: when they
are asked (soak.py), and what holds at the end only (ending.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from webdata_assets.demo.visits import Visit
from webdata_assets.partitions import Partition
from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.ledger import MATERIALIZED
from webdata_assets.store import Store
from webdata_assets.store.store import data_version

ANSWERED = (200, 304)
_BROWSER_ONLY = ("/data/", "/app.js")
"""What the script of a page asks for: as often as the page is opened."""

Key = tuple[date | None, str | None]


def fetched_twice(
    visits: Iterable[Visit], crawls: Mapping[Partition, int], allowed: Mapping[Partition, int]
) -> list[str]:
    """Return the partitions of which more was fetched again than was in flight when something was killed.

    Args:
        visits: the site's own log.
        crawls: how often each partition was to be crawled.
        allowed: requests that were in flight at the faults that met it.
    """
    counts: defaultdict[Partition, Counter[str]] = defaultdict(Counter)
    for visit in visits:
        path = visit.path.partition("?")[0]
        if visit.status in ANSWERED and path != "/robots.txt" and not path.startswith(_BROWSER_ONLY):
            source = "demo_" + visit.host.partition(".")[0]
            counts[Partition(date.fromisoformat(visit.as_of), source)][visit.path] += 1
    told = []
    for partition, paths in counts.items():
        again = {path: count - crawls.get(partition, 0) for path, count in paths.items()}
        excess = sum(count for count in again.values() if count > 0)
        if excess > allowed.get(partition, 0):
            worst = max(again, key=lambda path: again[path])
            told.append(
                f"{partition}: {excess} requests too many ({worst}: {paths[worst]} in "
                f"{crawls.get(partition, 0)} crawls), {allowed.get(partition, 0)} were in flight"
            )
    return told


def admitted_by_hand(entries: Sequence[Mapping[str, Any]], table: Table) -> dict[Key, str]:
    """Return the data version of each admitted partition of a table, found by going through the ledger.

    Args:
        entries: of `check_results`, in any order.
    """
    writes: dict[Key, tuple[datetime, str]] = {}
    mine = sorted((row for row in entries if row["asset"] == table.name), key=lambda row: row["at"])
    verdicts: defaultdict[Key, dict[str, bool]] = defaultdict(dict)
    for row in mine:
        key = (row["date"], row["source"])
        if row["check"] == MATERIALIZED:
            writes[key] = (row["at"], row["data_version"])
            verdicts[key] = {}
        elif row["blocking"] and key in writes and row["data_version"] == writes[key][1]:
            verdicts[key][row["check"]] = row["passed"] or row["severity"] == "WARN"
    return {
        key: version
        for key, (_, version) in writes.items()
        if all(verdicts[key].get(check, False) for check in table.blocking_checks)
    }


def entries_of(store: Store) -> list[dict[str, Any]]:
    """Return the whole ledger."""
    return store.tables.scan(CHECK_RESULTS).collect().to_dicts()


def admitted_ahead(store: Store) -> list[str]:
    """Return partitions that readers take for admitted and whose verdicts do not say so, and the reverse."""
    told = []
    before = entries_of(store)
    admitted = {name: store.ledger.admitted(table).rows() for name, table in TABLES.items()}
    # entries are only ever added
    counts = [Counter(row["asset"] for row in entries) for entries in (before, entries_of(store))]
    for table in TABLES.values():
        if counts[0][table.name] != counts[1][table.name]:
            continue
        theirs = {(day, source): version for day, source, version in admitted[table.name]}
        ours = admitted_by_hand(before, table)
        told += [
            f"{table.name} {key}: readers see {theirs.get(key)}, its verdicts admit {ours.get(key)}"
            for key in theirs.keys() | ours.keys()
            if theirs.get(key) != ours.get(key)
        ]
    return told


def unreadable(store: Store) -> list[str]:
    """Return admitted partitions that hold other rows than were judged, and keys that are stored twice.

    Every row of every table is read. What is written meanwhile is left out: it is admitted no longer, or
    again with another version.
    """
    told = []
    before = entries_of(store)
    stored = {name: table for name, table in TABLES.items() if store.tables.exists(table)}
    frames = {name: store.tables.scan(table).collect() for name, table in stored.items()}
    after = entries_of(store)
    for name, frame in frames.items():
        table = TABLES[name]
        settled = admitted_by_hand(before, table).items() & admitted_by_hand(after, table).items()
        for key, version in settled:
            day, source = key
            rows = frame if day is None else frame.filter(date=day, source=source)
            if data_version(table, rows) != version:
                told.append(f"{name} {key} holds other rows than its verdicts are about")
        keys = ["date", "source", *table.key] if table.partitioned else list(table.key)
        doubled = frame.height - frame.select(pl.struct(keys).n_unique()).item() if frame.height else 0
        if doubled and not table.is_log:
            told.append(f"{name} holds {doubled} keys twice")
    return told


def announced_twice(messages: Sequence[Mapping[str, Any]], faults: int) -> list[str]:
    """Return announcements that differ under one id, that tell one delivery under two, or were repeated.

    A process that is killed between telling and writing it down tells once more, under the same id.
    """
    told = []
    bodies: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in messages:
        bodies[message["id"]].append(message)
    for identity, same in bodies.items():
        if any(message != same[0] for message in same):
            told.append(f"event {identity} was told with different contents")
    deliveries = Counter(
        (same[0]["data"]["sink"], same[0]["data"]["content_hash"], same[0]["data"]["sequence"])
        for same in bodies.values()
    )
    told += [f"{each} was announced under {count} ids" for each, count in deliveries.items() if count > 1]
    repeated = len(messages) - len(bodies)
    if repeated > faults:
        told.append(f"{repeated} announcements were repeated, at {faults} faults")
    return told
