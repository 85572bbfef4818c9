"""Content hashes of frames: the same rows give the same hash, wherever and however they were written.

What belongs here: the canonical serialisation of a frame, and its BLAKE3. What does not: which columns count
(`Table.unhashed` says so), and the hashes of payloads and texts (their bytes are hashed as they are).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence

import polars as pl
from blake3 import blake3

_BATCH_ROWS = 4_096


def content_hash(frame: pl.DataFrame, *, exclude: Collection[str] = (), sort_by: Sequence[str]) -> str:
    """Return the BLAKE3 of a frame's content, in 64 hexadecimal digits.

    Column names and types count, and every value, null or not. The order of columns and of rows, chunking,
    and bytes that lie under nulls do not.

    Args:
        frame: the rows.
        exclude: columns that do not count; names that the frame lacks are allowed.
        sort_by: columns that order the rows, usually the table's key. Rows that tie are ordered by the rest.

    Raises:
        ValueError: a Binary or Object column not excluded, or a `sort_by` column unknown or excluded.
    """
    canonical = _canonical(frame, exclude)
    unknown = [name for name in sort_by if name not in canonical.columns]
    if unknown:
        raise ValueError(f"cannot sort by {unknown}: not among the hashed columns {canonical.columns}")
    digest = blake3(_header(frame, canonical.columns))
    for batch in _ordered(canonical, list(sort_by)).iter_slices(_BATCH_ROWS):
        digest.update(batch.write_ndjson().encode())
    return digest.hexdigest()


def ordered_content_hash(frames: Iterable[pl.DataFrame], *, exclude: Collection[str] = ()) -> str:
    """Return the content hash of rows that come in parts, in the order in which `content_hash` sorts them.

    Args:
        frames: at least one, all with the same columns, in the order of a key that no two rows share.
        exclude: as for `content_hash`.

    Raises:
        ValueError: as `content_hash` does, and when there is no frame at all.
    """
    digest = None
    for frame in frames:
        canonical = _canonical(frame, exclude)
        if digest is None:
            digest = blake3(_header(frame, canonical.columns))
        for batch in canonical.iter_slices(_BATCH_ROWS):
            digest.update(batch.write_ndjson().encode())
    if digest is None:
        raise ValueError("no frame, and so no columns to hash")
    return digest.hexdigest()


def row_hashes(frame: pl.DataFrame, *, exclude: Collection[str] = ()) -> pl.Series:
    """Return the BLAKE3 of each row's content, in the frame's order, as a String series named `row_hash`.

    The same rules hold as for `content_hash`: column names and types count, the order of columns does not.

    Raises:
        ValueError: a Binary or Object column that is not excluded.
    """
    canonical = _canonical(frame, exclude)
    header = _header(frame, canonical.columns)
    hashes = [blake3(header).update(line.encode()).hexdigest() for line in _lines(canonical)]
    return pl.Series("row_hash", hashes, dtype=pl.String)


def _canonical(frame: pl.DataFrame, exclude: Collection[str]) -> pl.DataFrame:
    names = sorted(set(frame.columns) - set(exclude))
    return frame.select(pl.col(name).cast(_canonical_type(frame.schema[name], name)) for name in names)


def _canonical_type(dtype: pl.DataType, column: str) -> pl.DataType:
    """Return the type whose JSON is exact: JSON has no NaN, no decimals and no moments."""
    if isinstance(dtype, pl.Binary | pl.Object):
        raise ValueError(f"column {column!r} holds {dtype}: exclude it, and hash its bytes as they are")
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(_canonical_type(_instance(dtype.inner), column))
    if isinstance(dtype, pl.Struct):
        return pl.Struct(
            {field.name: _canonical_type(_instance(field.dtype), column) for field in dtype.fields}
        )
    if dtype.is_temporal():
        return pl.Int64()
    if dtype.is_float() or isinstance(dtype, pl.Decimal | pl.Categorical | pl.Enum):
        return pl.String()
    return dtype


def _instance(dtype: object) -> pl.DataType:
    """Return an inner type as an instance: polars types them as class or instance."""
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value]


def _header(frame: pl.DataFrame, names: Sequence[str]) -> bytes:
    return (json.dumps([[name, str(frame.schema[name])] for name in names]) + "\n").encode()


def _ordered(canonical: pl.DataFrame, sort_by: list[str]) -> pl.DataFrame:
    if sort_by and not canonical.select(sort_by).is_duplicated().any():
        return canonical.sort(sort_by)
    if not canonical.columns:
        return canonical
    line = pl.Series(list(_lines(canonical)), dtype=pl.String)
    return canonical.sort([*(pl.col(name) for name in sort_by), line])


def _lines(canonical: pl.DataFrame) -> Iterator[str]:
    for batch in canonical.iter_slices(_BATCH_ROWS):
        # not splitlines(), which also splits at U+2028 and the like within a value
        yield from batch.write_ndjson().removesuffix("\n").split("\n")
