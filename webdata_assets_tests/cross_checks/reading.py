"""Rows of a store's tables as dictionaries, read by Delta and Arrow alone."""

from collections.abc import Iterable
from typing import Any

from deltalake import DeltaTable

from webdata_assets.store import Store

Row = dict[str, Any]
Place = tuple[Any, str | None]
"""A date and a source; both None for a table without partitions."""


def rows_of(store: Store, table: str) -> list[Row]:
    """Return every row of a table; none where it was never written."""
    place = store.location.table(table)
    if not DeltaTable.is_deltatable(place):
        return []
    return DeltaTable(place).to_pyarrow_table().to_pylist()


def place_of(row: Row) -> Place:
    return row.get("date"), row.get("source")


def by_place(rows: Iterable[Row]) -> dict[Place, list[Row]]:
    found: dict[Place, list[Row]] = {}
    for row in rows:
        found.setdefault(place_of(row), []).append(row)
    return found
