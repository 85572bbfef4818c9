"""`webdata export LAYER`: the admitted rows of any layer as one file.

What belongs here: which rows, in which order, and the command's report. What does not: file formats
(stages/export).
"""

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.settings import Settings
from webdata_assets.stages.export.formats import FORMATS
from webdata_assets.stages.export.rows import write_rows
from webdata_assets.store import Store

_ROWS_AT_ONCE = 500


def write_layer(
    layer: str, dates: Sequence[dt.date], sources: Sequence[str], out: Path, format_name: str, *, quiet: bool
) -> dict[str, Any]:
    """Write the admitted rows of a layer to a file, by date, source and the table's key.

    Args:
        layer: the name of a table.
        dates: only partitions of these dates; all if none.
        sources: only partitions of these sources; all if none.
        out: the file.
        format_name: one of `FORMATS`.
        quiet: whether to show no progress.

    Returns:
        `layer`, `path`, `rows`, the number of `partitions` (None for a table without), and of those that were
        `left_out` as not admitted.

    Raises:
        NotAdmittedError: nothing that was asked for is admitted; or a partition that was named by date and
            source is not.
        PermanentError: CONFIGURATION, when there is no such layer or the file cannot be written.
    """
    table = TABLES.get(layer)
    if table is None:
        raise PermanentError(
            f"there is no layer {layer!r}: use one of {', '.join(TABLES)}, chunks or warc",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    store = Store.of(Settings())
    partitions, left_out, total = _chosen(store, table, dates, sources)
    with _progress(f"{layer} rows", total, show=not quiet and sys.stderr.isatty()) as progress:
        rows = write_rows(
            _frames(store, table, partitions),
            table.polars_schema,
            out,
            FORMATS[format_name],
            progress=progress,
        )
    return {
        "layer": layer,
        "path": str(out),
        "rows": rows,
        "partitions": len(partitions) if table.partitioned else None,
        "left_out": left_out,
    }


def _chosen(
    store: Store, table: Table, dates: Sequence[dt.date], sources: Sequence[str]
) -> tuple[list[Partition | None], int, int]:
    """Return the partitions to write, how many are left out as not admitted, and the number of rows."""
    if not table.partitioned:
        if dates or sources:
            raise PermanentError(
                f"{table.name} is one table, not partitioned: leave out --date and --source",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        store.ledger.require_admitted(table, None)
        write = store.ledger.newest_write(table, None)
        return [None], 0, write.rows if write else 0
    for date in dates:
        for source in sources:
            store.ledger.require_admitted(table, Partition(date, source))
    states = store.ledger.states(table)
    if dates:
        states = states.filter(pl.col("date").is_in(list(dates)))
    if sources:
        states = states.filter(pl.col("source").is_in(list(sources)))
    admitted = states.filter("admitted").sort("date", "source")
    if admitted.is_empty():
        wanted = " ".join([*map(str, dates), *sources]) or "any date and source"
        raise NotAdmittedError(f"no partition of {table.name} for {wanted} is admitted; see `webdata status`")
    partitions: list[Partition | None] = [
        Partition(date, source) for date, source in admitted.select("date", "source").iter_rows()
    ]
    return partitions, states.height - admitted.height, int(admitted["rows"].sum())


def _frames(store: Store, table: Table, partitions: Sequence[Partition | None]) -> Iterator[pl.DataFrame]:
    for partition in partitions:
        rows = store.tables.scan_partition(table, partition) if partition else store.tables.scan(table)
        keys = rows.select(table.key).collect()
        if not keys.equals(keys.sort(table.key, nulls_last=False)):
            # files that were put together since may have changed the order
            rows = rows.sort(table.key, nulls_last=False)
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
