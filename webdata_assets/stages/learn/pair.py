"""A pair of index state and model, and whether its parts are there and belong to each other.

What belongs here: giving the newest state of the index its name, and finding what is wrong with a pair. What
does not: which pair is wanted (release.py), and reading with it (serving/).
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.release import IndexState, Release

_COMPARED = ("chunk_id", "text_hash", "model_id")


def name_state(
    index: ChunkIndex, manifest: pl.DataFrame, snapshot: str, written_at: dt.datetime
) -> IndexState:
    """Give the newest state of the index its name, unless it has it, and return what it is.

    Args:
        manifest: rows of the `vector_index` table whose checks passed.
        snapshot: the name that belongs to them.
        written_at: when they were written.

    Raises:
        PermanentError: the state does not hold what the manifest lists.
    """
    listed = manifest.select(_COMPARED).sort("chunk_id")
    if snapshot not in index.names():
        # a synchronisation that was killed before its manifest was written leaves another newest state
        _require_same(index, None, listed)
        index.name(snapshot)
    _require_same(index, snapshot, listed)
    encoder = listed["model_id"][0] if listed.height else None
    return IndexState(snapshot, encoder, listed.height, written_at)


def what_is_wrong(release: Release, index: ChunkIndex, fetch: Callable[[str], Path]) -> str | None:
    """Return in words why a pair cannot be used as a whole; None when it can.

    Args:
        release: names the pair.
        index: where its state should be.
        fetch: from a model's version to the folder of its artefact.
    """
    try:
        snapshot = index.at(release.index_snapshot)
        version = release.model_version
        classifier = None if version is None else Classifier.load(fetch(version), version)
    except PermanentError as error:
        return str(error)
    if snapshot.count() != release.chunks:
        found = f"holds {snapshot.count()} chunks, not {release.chunks}"
        return f"the index's state {release.index_snapshot} {found}"
    if snapshot.model_id() != release.encoder:
        return f"the index's vectors are of {snapshot.model_id()}, not {release.encoder}"
    if classifier is not None and release.encoder not in (None, classifier.model_id):
        return f"model {release.model_version} reads vectors of {classifier.model_id}, not {release.encoder}"
    return None


def _require_same(index: ChunkIndex, snapshot: str | None, listed: pl.DataFrame) -> None:
    held = index.at(snapshot).rows(_COMPARED)
    if not held.equals(listed):
        raise PermanentError(
            f"the index's state {snapshot or 'now'} holds {held.height} chunks, which are not the "
            f"{listed.height} that vector_index lists: materialize vector_index and release again",
            failure_domain=FailureDomain.SINK,
        )
