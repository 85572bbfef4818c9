"""The output of crawlers that have no store of their own: pages in one Parquet file, as cheaply as can be.

What belongs here: writing it. What does not: crawling.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from webdata_assets_tests.benchmarks.contenders.task import ROW_GROUP_ROWS, ZSTD_LEVEL

PAGES_FILE = "pages.parquet"
_SCHEMA = pa.schema(
    [("url", pa.string()), ("status", pa.int16()), ("headers", pa.string()), ("body", pa.binary())]
)


class PagesFile:
    """Collects pages and writes a row group whenever there are enough; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Take the folder that the file is made in."""
        folder.mkdir(parents=True, exist_ok=True)
        # dictionaries and statistics of bodies cost time and save nothing
        self._writer = pq.ParquetWriter(
            folder / PAGES_FILE, _SCHEMA, compression="zstd", compression_level=ZSTD_LEVEL,
            use_dictionary=False, write_statistics=False,
        )  # fmt: skip
        self._rows: list[tuple[str, int, str, bytes]] = []

    def add(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take one page."""
        self._rows.append((url, status, json.dumps(dict(headers)), body))
        if len(self._rows) >= ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        self._writer.write_table(pa.table(arrays, schema=_SCHEMA))
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rows:
            self._flush()
        self._writer.close()
