"""A retrieval dataset: the chunks of a release with their vectors, as one Parquet file or Lance dataset.

What belongs here: which chunks are in it, how it is written, and its card. What does not: which release
(cli/export_chunks.py), and files of any layer (rows.py).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.export.formats import FORMATS
from webdata_assets.stages.export.lance import write_lance
from webdata_assets.stages.export.rows import write_rows
from webdata_assets.stages.export.whole_file import whole_file
from webdata_assets.stages.hashing import content_hash
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.index import Snapshot

ChunkFormat = Literal["parquet", "lance"]

_FLAGS = ("pii", "injection")
_ROWS_AT_ONCE = 10_000


def exported_chunks(
    snapshot: Snapshot, release: int, *, sources: Sequence[str], with_flagged: Sequence[str]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the chunks of a release to export, by `chunk_id`, and how many were left out by flag.

    Args:
        snapshot: the index's state that the release names.
        release: its number.
        sources: only chunks of these sources; all if none.
        with_flagged: of `pii` and `injection`, those whose chunks are exported too.

    Returns:
        Rows of the index with `release`, the vectors as arrays of one width.

    Raises:
        PermanentError: CONFIGURATION, when there is nothing to export; the message names the sources.
    """
    rows = snapshot.rows(CHUNK_SCHEMA.names())
    held = sorted(rows["source"].unique())
    if sources:
        rows = rows.filter(pl.col("source").is_in(sources))
    left_out = {}
    for flag in _FLAGS:
        if flag not in with_flagged:
            kept = rows.filter(~pl.col(flag))
            left_out[flag] = rows.height - kept.height
            rows = kept
    if rows.is_empty():
        wanted = ", ".join(sources) or "any source"
        raise PermanentError(
            f"release {release} has no chunk of {wanted} to export ({_told(left_out)}); "
            f"it holds {', '.join(held) or 'nothing'}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    width = len(rows["vector"][0])
    return (
        rows.with_columns(
            pl.col("vector").cast(pl.Array(pl.Float32, width)), pl.lit(release, pl.Int64).alias("release")
        ),
        left_out,
    )


def write_chunks(
    rows: pl.DataFrame, out: Path, format_name: ChunkFormat, facts: dict[str, Any]
) -> dict[str, Any]:
    """Write chunks, and beside them their card as `<name>.json`; return the card.

    The card comes last. After a run that was killed between the two, an older card lies there, whose
    `content_hash` and `release` are not those of the dataset.

    Args:
        rows: of `exported_chunks`.
        out: a file that ends in `.parquet`, or a folder that ends in `.lance`; an older export is replaced.
        format_name: how it is written.
        facts: what else the card shall say, in JSON's types.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such file.
        TransientError: SINK, when the disk fails or is full.
    """
    card_file = out.with_name(f"{out.name}.json")
    card = {**facts, **_card(rows, format_name)}
    if format_name == "lance":
        write_lance(rows, out)
    else:
        write_rows(rows.iter_slices(_ROWS_AT_ONCE), rows.schema, out, FORMATS[format_name])
    with whole_file(card_file, suffix=".json") as file:
        file.write((json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())
    return card


def _card(rows: pl.DataFrame, format_name: ChunkFormat) -> dict[str, Any]:
    """Return what can be said of a dataset's rows."""
    by_source = rows.group_by("source").agg(chunks=pl.len(), records=pl.col("record_id").n_unique())
    return {
        "format": format_name,
        "model_id": rows["model_id"][0],
        "dimensions": rows["vector"].dtype.shape[0],  # type: ignore[attr-defined]
        "similarity": "cosine",
        "encoded": "context, a blank line, text; text alone where context is null",
        "chunks": rows.height,
        "records": rows["record_id"].n_unique(),
        "sources": {
            source: {"chunks": chunks, "records": records}
            for source, chunks, records in by_source.sort("source").iter_rows()
        },
        "dates": [str(rows["date"].min()), str(rows["date"].max())],
        "columns": {name: str(dtype) for name, dtype in rows.schema.items()},
        "content_hash": content_hash(rows, exclude={"vector"}, sort_by=["chunk_id"]),
    }


def _told(left_out: dict[str, int]) -> str:
    return "; ".join(f"{count} left out for {flag}" for flag, count in left_out.items()) or "none left out"
