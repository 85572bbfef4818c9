"""Rows → one Lance dataset: a folder that is there whole or not at all.

What belongs here: writing the dataset. What does not: which rows (chunks.py), and the index, which is another
Lance table that is only ever read through its own room.
"""

from pathlib import Path

import polars as pl

from webdata_assets.stages.export.whole_folder import whole_folder

SUFFIX = ".lance"
_VERSIONS = "_versions"


def write_lance(rows: pl.DataFrame, out: Path) -> None:
    """Write rows as a Lance dataset of one version, which `lance.dataset` and LanceDB open.

    An older dataset of that name is replaced.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such dataset, or something else has the name.
        TransientError: SINK, when the disk fails or is full.
    """
    import lancedb

    def is_one(folder: Path) -> bool:
        return (folder / _VERSIONS).is_dir()

    with whole_folder(out, what="Lance dataset", suffix=SUFFIX, is_one=is_one) as folder:
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        lancedb.connect(folder.parent).create_table(folder.name.removesuffix(SUFFIX), table)
