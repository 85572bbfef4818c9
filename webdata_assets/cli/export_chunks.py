"""`webdata export chunks`: the released index as a retrieval dataset.

What belongs here: which release is read, and the command's report. What does not: files (stages/export).
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from webdata_assets.settings import Settings
from webdata_assets.stages.export.chunks import ChunkFormat, exported_chunks, write_chunks
from webdata_assets.store import Store
from webdata_assets.store.releases import current_release


def write_release(
    out: Path, format_name: ChunkFormat, sources: Sequence[str], *, with_pii: bool, with_injection: bool
) -> dict[str, Any]:
    """Write the chunks of the current release with their vectors, and a card beside them.

    Args:
        out: the file, or the folder of a Lance dataset.
        format_name: how it is written.
        sources: only chunks of these sources; all if none.
        with_pii: whether chunks of records with personal data are written too.
        with_injection: whether chunks of records with text for language models are written too.

    Returns:
        The card, and the dataset's `path`.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: CONFIGURATION, when there is nothing to write, or the file cannot be written.
    """
    settings = Settings()
    store = Store.of(settings)
    release = current_release(store)
    snapshot = store.index(settings.index).at(release.index_snapshot)
    flagged = [name for name, wanted in (("pii", with_pii), ("injection", with_injection)) if wanted]
    rows, left_out = exported_chunks(snapshot, release.release, sources=sources, with_flagged=flagged)
    facts = {
        "release": release.release,
        "index_snapshot": release.index_snapshot,
        "software": f"webdata-assets {version('webdata_assets')}",
        "left_out": left_out,
    }
    return {"path": str(out), **write_chunks(rows, out, format_name, facts)}
