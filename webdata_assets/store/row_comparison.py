"""Rows of partitions whose admitted content differs between two stores, counted by key.

What belongs here: how many rows were added, are gone, or changed. What does not: which partitions differ
(comparison.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from webdata_assets.stages.hashing import row_hashes
from webdata_assets.store.comparison import Changed
from webdata_assets.store.reading import AdmittedRows
from webdata_assets.store.store import Store

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class RowCounts:
    """Rows of one partition.

    Attributes:
        table: which table.
        part: the partition as `YYYY-MM-DD|source`; None for a table without.
        added: rows whose key the second store alone has.
        gone: rows whose key the first store alone has.
        changed: keys that both have, with other values in the columns of the content hash.
    """

    table: str
    part: str | None
    added: int
    gone: int
    changed: int


def count_rows(first: Store, second: Store, partitions: Sequence[Changed]) -> list[RowCounts]:
    """Count the rows of partitions that differ; those that one store has not admitted are not read.

    Memory holds the keys and hashes of one partition.

    Raises:
        NotAdmittedError: what was admitted in both when they were compared is so no more.
    """
    counts = []
    for table, of_table in groupby(partitions, key=lambda each: each.table):
        chosen: tuple[AdmittedRows, AdmittedRows] | None = None
        for each in of_table:
            part = each.partition.key if each.partition else None
            if each.first is None or each.second is None:
                counts.append(RowCounts(table.name, part, each.second or 0, each.first or 0, 0))
                continue
            chosen = chosen or (AdmittedRows.choose(first, table), AdmittedRows.choose(second, table))
            one, other = (_hashed(rows, each) for rows in chosen)
            added = other.join(one, on=table.key, how="anti", nulls_equal=True)["hashes"].list.len().sum()
            gone = one.join(other, on=table.key, how="anti", nulls_equal=True)["hashes"].list.len().sum()
            both = one.join(other, on=table.key, nulls_equal=True)
            changed = both.filter(pl.col("hashes") != pl.col("hashes_right")).height
            counts.append(RowCounts(table.name, part, int(added), int(gone), changed))
    return counts


def _hashed(rows: AdmittedRows, each: Changed) -> pl.DataFrame:
    """Return each key of a partition, and the hashes of its rows: several where a key is no row's own."""
    table = each.table
    hashed = [name for name in table.polars_schema if name not in table.unhashed]
    batches = rows.scan_partition(each.partition).select(hashed).collect_batches(chunk_size=_ROWS_AT_ONCE)
    keyed = [batch.select(*table.key, row_hashes(batch)) for batch in batches]
    empty = table.empty().select(*table.key, pl.lit(None, pl.String).alias("row_hash"))
    return pl.concat([empty, *keyed]).group_by(table.key).agg(hashes=pl.col("row_hash").sort())
