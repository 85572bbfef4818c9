"""The file formats of an exported layer: Parquet, ORC, Arrow IPC and CSV.

What belongs here: how each writes rows, and what becomes of types that it lacks. What does not: which rows
(rows.py), and web archives (warc.py).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.export.cells import as_cells

if TYPE_CHECKING:
    import pyarrow as pa

Write = Callable[[pl.DataFrame], None]
_ZSTD_LEVEL = 3
_NANOSECONDS = 2**63
"""Moments that ORC readers hold: this many nanoseconds from 1970, 1677-09-21 to 2262-04-11."""


@dataclass(frozen=True)
class Format:
    """One file format.

    Attributes:
        suffix: what a file's name ends in.
        open: takes a file and the columns; within it, frames of these columns are written one after another.
    """

    suffix: str
    open: Callable[[BinaryIO, pl.Schema], AbstractContextManager[Write]]


@contextmanager
def open_parquet(file: BinaryIO, schema: pl.Schema, *, arrow_types: bool = True) -> Iterator[Write]:
    """Write Parquet: every type as it is; one row group per frame, zstd, page checksums.

    Args:
        file: to write to.
        schema: the columns.
        arrow_types: whether readers of Arrow get large strings and lists, as polars has them; else strings
            and lists, as Parquet has them.
    """
    import pyarrow.parquet as pq

    with pq.ParquetWriter(
        file, _arrow(schema.to_frame()).schema, compression="zstd", compression_level=_ZSTD_LEVEL,
        write_page_checksum=True, store_schema=arrow_types,
    ) as writer:  # fmt: skip
        yield lambda frame: writer.write_table(_arrow(frame), row_group_size=max(1, frame.height))


@contextmanager
def _arrow_ipc(file: BinaryIO, schema: pl.Schema) -> Iterator[Write]:
    """Every type as it is; one record batch per frame, zstd."""
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", _ZSTD_LEVEL))
    with pa.ipc.new_file(file, _arrow(schema.to_frame()).schema, options=options) as writer:
        yield lambda frame: writer.write_table(_arrow(frame))


@contextmanager
def _orc(file: BinaryIO, schema: pl.Schema) -> Iterator[Write]:
    """Moments are TIMESTAMP_INSTANT, which readers give back in nanoseconds; other types are as they are.

    ORC has no unsigned numbers; no table has any. Compressed with zstd.
    """
    import pyarrow.orc as orc

    with orc.ORCWriter(file, compression="zstd") as writer:
        # a file without a single write has no columns
        writer.write(_arrow(schema.to_frame()))

        def write(frame: pl.DataFrame) -> None:
            _require_nanoseconds(frame)
            writer.write(_arrow(frame))

        yield write


@contextmanager
def _csv(file: BinaryIO, schema: pl.Schema) -> Iterator[Write]:
    """UTF-8 with a header; cells as in `as_cells`."""
    as_cells(schema.to_frame()).write_csv(file)
    yield lambda frame: as_cells(frame).write_csv(file, include_header=False)


FORMATS: Mapping[str, Format] = {
    "parquet": Format(".parquet", open_parquet),
    "orc": Format(".orc", _orc),
    "arrow": Format(".arrow", _arrow_ipc),
    "csv": Format(".csv", _csv),
}
"""By the name that the command line takes."""


def _arrow(frame: pl.DataFrame) -> "pa.Table":
    # the oldest types: many readers know no views
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _require_nanoseconds(frame: pl.DataFrame) -> None:
    for name, dtype in frame.schema.items():
        if not isinstance(dtype, pl.Datetime):
            continue
        microseconds = frame[name].dt.epoch("us")
        outside = microseconds.abs() >= _NANOSECONDS // 1_000
        if outside.any():
            raise PermanentError(
                f"{name} holds {frame[name].filter(outside)[0]}, and readers of ORC hold moments from 1677 "
                "to 2262 alone; export to parquet or arrow",
                failure_domain=FailureDomain.SINK,
            )
