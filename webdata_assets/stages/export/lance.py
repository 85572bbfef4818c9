"""Rows → one Lance dataset: a folder that is there whole or not at all.

What belongs here: the dataset's life. What does not: which rows (chunks.py), and the index, which is another
Lance table that is only ever read through its own room.
"""

import shutil
import tempfile
from pathlib import Path

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

SUFFIX = ".lance"
_VERSIONS = "_versions"


def write_lance(rows: pl.DataFrame, out: Path) -> None:
    """Write rows as a Lance dataset of one version, which `lance.dataset` and LanceDB open.

    An older dataset of that name is moved away as soon as the new one is whole, and then deleted.

    Raises:
        PermanentError: CONFIGURATION, when there can be no such dataset, or something else has the name.
        TransientError: SINK, when the disk fails or is full.
    """
    import lancedb

    _require_writable(out)
    try:
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
        try:
            lancedb.connect(staging).create_table("new", rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
            if out.exists():
                out.rename(staging / "old")
            (staging / f"new{SUFFIX}").rename(out)
        finally:
            shutil.rmtree(staging)
    except OSError as error:
        raise TransientError(
            f"{out} cannot be written ({error.strerror or error})", failure_domain=FailureDomain.SINK
        ) from error


def _require_writable(out: Path) -> None:
    """Refuse names that cannot be written, and folders that may be somebody's work."""
    problem = None
    if not out.name.endswith(SUFFIX) or not out.absolute().parent.is_dir():
        problem = f"name a dataset that ends in {SUFFIX}, in a folder that exists"
    elif out.exists() and not (out / _VERSIONS).is_dir():
        problem = "something that is no Lance dataset has that name; choose another"
    if problem is not None:
        raise PermanentError(
            f"{out} cannot be written: {problem}", failure_domain=FailureDomain.CONFIGURATION
        )
