"""File formats of delivered rows: a frame to bytes and back, exactly.

What belongs here: Parquet, ORC and Arrow IPC. What does not: where the bytes lie (folder.py).
"""

import datetime as dt
import io
from typing import Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.deliver.sink import fitted

FileFormat = Literal["parquet", "orc", "arrow"]
FORMATS: tuple[FileFormat, ...] = ("parquet", "orc", "arrow")
_ROW_GROUP = 20_000
_ORC_MOMENTS = (dt.datetime(1678, 1, 1, tzinfo=dt.UTC), dt.datetime(2262, 1, 1, tzinfo=dt.UTC))
"""Arrow reads ORC's timestamps as nanoseconds in 64 bits."""


def encode(rows: pl.DataFrame, file_format: FileFormat) -> bytes:
    """Return rows as one file, compressed with zstd.

    Raises:
        PermanentError: a moment that cannot be read back from ORC.
    """
    file = io.BytesIO()
    if file_format == "parquet":
        rows.write_parquet(file, compression="zstd", row_group_size=_ROW_GROUP)
    elif file_format == "arrow":
        rows.write_ipc(file, compression="zstd", compat_level=pl.CompatLevel.oldest())
    else:
        from pyarrow import orc

        _check_moments(rows)
        # ORC has no 64-bit offsets
        orc.write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()), file, compression="zstd")
    return file.getvalue()


def decode(content: bytes, file_format: FileFormat, schema: pl.Schema) -> pl.DataFrame:
    """Return the rows of a file, with a schema's columns and types; a column that it lacks is null.

    Raises:
        polars.exceptions.PolarsError, pyarrow.ArrowException: the file is none of this format, or a column is
            of another type.
    """
    if file_format == "parquet":
        frame = pl.read_parquet(content)
    elif file_format == "arrow":
        frame = pl.read_ipc(content)
    else:
        from pyarrow import orc

        read = pl.from_arrow(orc.read_table(io.BytesIO(content)))
        assert isinstance(read, pl.DataFrame)
        frame = read
    return fitted(frame, schema)


def _check_moments(rows: pl.DataFrame) -> None:
    """Raise PermanentError where a moment cannot be read back from ORC."""
    moments = [name for name, dtype in rows.schema.items() if isinstance(dtype, pl.Datetime)]
    kept = rows.select(pl.col(moments).is_between(*_ORC_MOMENTS, closed="left").all())
    lost = [name for name in moments if not kept[name].item()]
    if lost:
        raise PermanentError(
            f"ORC keeps moments of the years 1678 to 2261, and {', '.join(lost)} has others: "
            "deliver as parquet or arrow",
            failure_domain=FailureDomain.SINK,
        )
