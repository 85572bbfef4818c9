"""`webdata export LAYER`: the admitted rows of any layer as one file, or as a dataset folder.

What belongs here: which rows, in which order, and the command's report. What does not: file formats
(stages/export).
"""

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.stages.export.formats import FORMATS
from webdata_assets.stages.export.huggingface import write_dataset
from webdata_assets.stages.export.rows import write_rows
from webdata_assets.store import Store
from webdata_assets.store.reading import AdmittedRows, known_table

HUGGING_FACE = "huggingface"

_ROWS_AT_ONCE = 500


def write_layer(
    layer: str,
    dates: Sequence[dt.date],
    sources: Sequence[str],
    out: Path,
    format_name: str,
    *,
    licence: str | None = None,
    quiet: bool,
) -> dict[str, Any]:
    """Write the admitted rows of a layer to a file or dataset, by date, source and the table's key.

    Args:
        layer: the name of a table.
        dates: only partitions of these dates; all if none.
        sources: only partitions of these sources; all if none.
        out: the file, or the folder of a dataset.
        format_name: one of `FORMATS`, or `HUGGING_FACE`.
        licence: of a dataset, as the hub names it; `unknown` if None.
        quiet: whether to show no progress.

    Returns:
        `layer`, `path`, `rows`, the number of `partitions` (None for a table without), and of those that were
        `left_out` as not admitted.

    Raises:
        NotAdmittedError: nothing that was asked for is admitted; or a partition that was named by date and
            source is not.
        PermanentError: CONFIGURATION, when there is no such layer or the file cannot be written; a licence of
            something that is no dataset, or that the hub could not name.
    """
    table = known_table(layer, "chunks", "warc")
    name = _licence(licence, format_name)
    chosen = AdmittedRows.choose(Store.of(Settings()), table, dates=dates, sources=sources)
    with _progress(f"{layer} rows", chosen.height, show=not quiet and sys.stderr.isatty()) as progress:
        if format_name == HUGGING_FACE:
            rows = write_dataset(
                _frames(chosen), table, out, licence=name, facts=_facts(chosen), progress=progress
            )
        else:
            rows = write_rows(
                _frames(chosen), table.polars_schema, out, FORMATS[format_name], progress=progress
            )
    return {
        "layer": layer,
        "path": str(out),
        "rows": rows,
        "partitions": len(chosen.partitions) if table.partitioned else None,
        "left_out": chosen.left_out,
    }


def _facts(chosen: AdmittedRows) -> dict[str, str]:
    facts = {"software": f"webdata-assets {version('webdata_assets')}", "layer": chosen.table.name}
    if chosen.table.partitioned:
        facts["partitions"] = f"{len(chosen.partitions)} written, {chosen.left_out} not admitted"
    return facts


def _licence(given: str | None, format_name: str) -> str:
    problem = None
    if given is not None and format_name != HUGGING_FACE:
        problem = f"is said in the card of a dataset: use --format {HUGGING_FACE}"
    elif given is not None and not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", given):
        problem = "is no identifier of the hub, such as cc-by-4.0, apache-2.0, other or unknown"
    if problem is not None:
        raise PermanentError(f"--license {given} {problem}", failure_domain=FailureDomain.CONFIGURATION)
    return given or "unknown"


def _frames(chosen: AdmittedRows) -> Iterator[pl.DataFrame]:
    key = chosen.table.key
    for partition in chosen.partitions if chosen.table.partitioned else (None,):
        rows = chosen.scan_partition(partition)
        keys = rows.select(key).collect()
        if not keys.equals(keys.sort(key, nulls_last=False)):
            # files that were put together since may have changed the order
            rows = rows.sort(key, nulls_last=False)
        yield from rows.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True)


@contextmanager
def _progress(what: str, total: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar on the error stream while the block runs; yields a function that takes the rows so far."""
    if not show:
        yield lambda _rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.update(task, completed=rows)
