"""How many rows of each step do not add up, partition by partition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webdata_assets_tests.cross_checks.reading import Place, Row, by_place

Tables = Mapping[str, Mapping[Place, list[Row]]]


@dataclass(frozen=True)
class Held:
    """Every row of a store, by table and partition, and how many candidates each write of records had."""

    tables: Tables
    extracted: Mapping[Place, int]

    def rows(self, table: str, place: Place) -> list[Row]:
        return self.tables[table].get(place, [])

    def ids(self, table: str, place: Place) -> set[str]:
        return {row["record_id"] for row in self.rows(table, place)}


def held_in(rows: Mapping[str, list[Row]]) -> Held:
    """Return the rows of a store by partition.

    Args:
        rows: of every table by its name, `check_results` too.
    """
    extracted = {}
    for entry in sorted(rows["check_results"], key=lambda entry: entry["at"]):
        if entry["asset"] == "records" and entry["check"] == "materialized":
            extracted[entry["date"], entry["source"]] = int(entry["value"])
    return Held({name: by_place(of_table) for name, of_table in rows.items()}, extracted)


def pages(store: Held, place: Place) -> int:
    """URLs of the frontier are visited, other pages are linked to, and what failed is a dead letter."""
    wrong = 0
    visited = {row["url"]: row for row in store.rows("pages", place)}
    planned = {row["url"] for row in store.rows("frontier", place)}
    dead = {row["url"] for row in store.rows("dead_letters", place)}
    for url in planned:
        wrong += url not in visited
    for url, row in visited.items():
        wrong += url not in planned and row["why"] != "link"
        wrong += row["outcome"] == "failed" and url not in dead
    for url in dead:
        wrong += url not in visited or visited[url]["outcome"] != "failed"
    return wrong


def records(store: Held, place: Place) -> int:
    """Every candidate is a record or stands in quarantine, and every fetched content page left either."""
    quarantine = store.rows("quarantine", place)
    aside = {(row["url"], row["ordinal"]) for row in quarantine if row["ordinal"] >= 0}
    refused = {
        (row["url"], row["ordinal"])
        for row in quarantine
        if row["ordinal"] >= 0 and row["disposition"] == "refused"
    }
    filtered = len(aside) - len(refused)
    kept = store.rows("records", place)
    wrong = abs(store.extracted.get(place, -1) - len(kept) - len(refused) - filtered)
    accounted = {row["url"] for row in kept} | {row["url"] for row in quarantine}
    for page in store.rows("pages", place):
        is_content = page["role"] != "discovery" and not page["in_blobs"] and page["outcome"] == "fetched"
        wrong += is_content and page["url"] not in accounted
    return wrong


def fingerprints(store: Held, place: Place) -> int:
    """Every record with a text has a fingerprint, and nothing else has."""
    with_text = {row["record_id"] for row in store.rows("records", place) if row["text"] is not None}
    return len(with_text ^ store.ids("fingerprints", place))


def features(store: Held, place: Place) -> int:
    """Every record has its features, and nothing else has."""
    return len(store.ids("records", place) ^ store.ids("features", place))


def changes(store: Held, place: Place) -> int:
    """Every record is told of, and nothing else but what is gone."""
    told = {row["record_id"] for row in store.rows("changes", place) if row["kind"] != "gone"}
    return len(store.ids("records", place) ^ told)


BY_TABLE: Mapping[str, Callable[[Held, Place], int]] = {
    "pages": pages,
    "records": records,
    "fingerprints": fingerprints,
    "changes": changes,
    "features": features,
}
