"""How Parquet files are laid out: compression, row groups, pages, dictionaries.

What belongs here: what a table and the size of its rows make of them. What does not: commits (tables.py).
"""

from deltalake import ColumnProperties, WriterProperties

from webdata_assets.schemas import Table

COMPACTED_ROW_BYTES = 32_000
"""Of rows that are put together, whatever they hold: a page's, about."""
_ROW_GROUP_BYTES = 64_000_000
_ROW_GROUP_ROWS = (500, 20_000)
"""Small row groups keep scans of large payloads flat in memory; many of them cost memory to write."""
_LOOKED_UP_PAGE_BYTES = 64_000
_LOOKED_UP_PAGE_ROWS = 16
"""After so many rows it is seen whether a page is full."""


def layout(table: Table, bytes_per_row: int) -> WriterProperties:
    """Return how files are written: zstd, which halves them against the default, in bounded row groups."""
    fewest, most = _ROW_GROUP_ROWS
    rows = min(most, max(fewest, _ROW_GROUP_BYTES // max(1, bytes_per_row)))
    return WriterProperties(
        compression="ZSTD",
        compression_level=3,
        max_row_group_size=rows,
        data_page_size_limit=_LOOKED_UP_PAGE_BYTES if table.looked_up else None,
        write_batch_size=_LOOKED_UP_PAGE_ROWS if table.looked_up else None,
        column_properties=dict.fromkeys(table.unrepeated, ColumnProperties(dictionary_enabled=False)),
    )
