"""`webdata search`: answers from the admitted index."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from webdata_assets.errors import NotAdmittedError
from webdata_assets.settings import Settings
from webdata_assets.store import Store


def search_index(
    words: str, *, source: str | None, limit: int, mode: Literal["hybrid", "text", "vector"]
) -> list[dict[str, Any]]:
    """Return the best records, best first, as plain values.

    Raises:
        NotAdmittedError: there is no admitted index yet.
        PermanentError: the query is empty.
    """
    from webdata_assets.schemas.vector_index import VECTOR_INDEX
    from webdata_assets.stages.embed.encoder import load_encoder
    from webdata_assets.stages.embed.weights import ensure_encoder
    from webdata_assets.stages.index.lance import LanceIndex
    from webdata_assets.stages.index.search import search

    settings = Settings()
    store = Store.open(settings.store)
    if not store.tables.exists(VECTOR_INDEX):
        raise NotAdmittedError(
            "there is no index yet: run a partition, then `webdata publish` makes one from what is admitted"
        )
    store.ledger.require_admitted(VECTOR_INDEX, None)
    given = Path(settings.encoder_dir) if settings.encoder_dir else None
    encoder = load_encoder(ensure_encoder(settings.encoders, given=given))
    index = LanceIndex(store.location.index())
    hits = search(index, encoder, words, limit=limit, source=source, mode=mode)
    return [dataclasses.asdict(hit) for hit in hits]
