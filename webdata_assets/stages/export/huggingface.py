"""Rows → a dataset folder of the Hugging Face hub: Parquet shards and a card, in bounded memory.

What belongs here: shards, their names, and the folder's life. What does not: which rows
(cli/export_layers.py), and what the card says (dataset_card.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import Table
from webdata_assets.stages.export.dataset_card import SPLIT, dataset_card
from webdata_assets.stages.export.formats import open_parquet
from webdata_assets.stages.export.rows import groups
from webdata_assets.stages.export.tally import Tally
from webdata_assets.stages.export.whole_folder import whole_folder

SHARD_BYTES = 500_000_000
"""Of a file, after which the next one begins: what the hub's own library cuts at."""
_CARD, _DATA = "README.md", "data"


def write_dataset(
    frames: Iterable[pl.DataFrame],
    table: Table,
    out: Path,
    *,
    licence: str,
    facts: Mapping[str, str],
    progress: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Write frames as a dataset that `datasets.load_dataset(FOLDER)` reads; return the number of rows.

    Equal frames give equal bytes. Memory holds one group of rows, as `groups` makes them. An older dataset of
    that name is replaced.

    Args:
        frames: all of the table's columns.
        table: names and describes the columns.
        out: the folder.
        licence: its identifier on the hub, such as `cc-by-4.0`.
        facts: what else the card shall say, each by its name.
        progress: told the number of rows so far, after each group.

    Raises:
        PermanentError: CONFIGURATION, when there is no row, there can be no such folder, or something else
            has the name.
        TransientError: SINK, when the disk fails or is full.
    """
    tally = Tally()
    with whole_folder(out, what="dataset", is_one=_is_dataset) as folder:
        data = folder / _DATA
        data.mkdir(parents=True)
        shards = _write_shards(_counted(groups(frames), tally, progress), table.polars_schema, data)
        if not shards:
            raise PermanentError(
                f"{table.name} has no row to write, and load_dataset reads no dataset without rows: use "
                "--format parquet, or other dates and sources",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        for number, shard in enumerate(shards):
            shard.rename(data / f"{SPLIT}-{number:05d}-of-{len(shards):05d}.parquet")
        size = sum(file.stat().st_size for file in data.iterdir())
        card = dataset_card(table, tally, licence=licence, file_bytes=size, facts=facts)
        (folder / _CARD).write_text(card, encoding="utf-8")
    return tally.rows


def _write_shards(rows: Iterator[pl.DataFrame], schema: pl.Schema, data: Path) -> list[Path]:
    """Write rows to numbered files; return them in order."""
    shards: list[Path] = []
    following = next(rows, None)
    while following is not None:
        shard = data / str(len(shards))
        with shard.open("xb") as file, open_parquet(file, schema, arrow_types=False) as write:
            for group in chain([following], rows):
                write(group)
                if file.tell() >= SHARD_BYTES:
                    break
            following = next(rows, None)
        shards.append(shard)
    return shards


def _counted(
    rows: Iterator[pl.DataFrame], tally: Tally, progress: Callable[[int], None]
) -> Iterator[pl.DataFrame]:
    for group in rows:
        tally.add(group)
        yield group
        progress(tally.rows)


def _is_dataset(folder: Path) -> bool:
    """Whether a folder holds what an export writes, and nothing else."""
    return (
        folder.is_dir()
        and {path.name for path in folder.iterdir()} == {_CARD, _DATA}
        and all(path.match(f"{SPLIT}-*-of-*.parquet") for path in (folder / _DATA).iterdir())
    )
