"""Rows of any layer → one file, in bounded memory.

What belongs here: putting frames together into groups, and the file's life. What does not: the formats
(formats.py), and which rows (cli/export_layers.py).
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from webdata_assets.stages.export.formats import Format
from webdata_assets.stages.export.whole_file import whole_file

GROUP_BYTES = 32_000_000
GROUP_ROWS = 100_000


def write_rows(
    frames: Iterable[pl.DataFrame],
    schema: pl.Schema,
    out: Path,
    format: Format,  # noqa: A002 (the word of the command line)
    *,
    progress: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Write frames to a file that is there whole or not at all; return the number of rows.

    Equal frames give equal bytes. Memory holds one group: about `GROUP_ROWS` rows, or `GROUP_BYTES`.

    Args:
        frames: all of the given columns.
        schema: the columns.
        out: the file; one of that name is replaced.
        format: how it is written.
        progress: told the number of rows so far, after each group.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such file; SINK, when the format cannot hold a
            value.
        TransientError: SINK, when the disk fails or is full.
    """
    rows = 0
    with whole_file(out, suffix=format.suffix) as file, format.open(file, schema) as write:
        for group in groups(frames):
            write(group)
            rows += group.height
            progress(rows)
    return rows


def groups(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield frames put together until they hold about `GROUP_ROWS` rows, or `GROUP_BYTES`."""
    held: list[pl.DataFrame] = []
    rows = size = 0
    for frame in frames:
        held.append(frame)
        rows += frame.height
        size += int(frame.estimated_size())
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pl.concat(held, rechunk=True)
            held, rows, size = [], 0, 0
    if rows:
        yield pl.concat(held, rechunk=True)
