"""Turn web sources into model input: one Dagster asset graph, partitioned by date and source."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webdata_assets.settings import Settings
    from webdata_assets.stages.index.search import Hit, Mode

__version__ = "0.1.0"


def search(
    words: str,
    *,
    limit: int = 10,
    sources: Sequence[str] = (),
    languages: Sequence[str] = (),
    since: dt.date | None = None,
    until: dt.date | None = None,
    mode: "Mode" = "hybrid",
    with_pii: bool = False,
    with_injection: bool = False,
    settings: "Settings | None" = None,
) -> "list[Hit]":
    """Return the records of the current release that answer best, the best first.

    Each call opens the release anew, which takes about a second; for many searches, hold a pair of
    `webdata_assets.serving.pair.open_pair`.

    Args:
        words: plain words; no character has a special meaning.
        limit: hits at most, at least 1.
        sources: names of sources; all if none.
        languages: languages of the text, as ISO 639-1; all if none.
        since: only chunks of this date or later.
        until: only chunks of this date or earlier.
        mode: "hybrid", or by "text" (BM25) or "vector" (cosine) alone.
        with_pii: also records with personal data.
        with_injection: also records with text that addresses a language model.
        settings: the deployment; what WEBDATA_* and `.env` say if None.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: the query is empty, or the release does not fit the deployment's encoder.
        ValueError: `limit` is under 1.
    """
    from webdata_assets.serving.pair import open_pair
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store

    settings = settings or Settings()
    return open_pair(Store.of(settings), settings).search(
        words,
        limit=limit,
        sources=sources or None,
        languages=languages or None,
        since=since,
        until=until,
        mode=mode,
        injection=with_injection,
        pii=with_pii,
    )
