"""Turn web sources into model input: one Dagster asset graph, partitioned by date and source."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    import polars as pl

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


def open(  # noqa: A001 (what one does with a table)
    table: str,
    *,
    date: "dt.date | str | Iterable[dt.date | str] | None" = None,
    source: str | Iterable[str] | None = None,
    store: "str | os.PathLike[str] | None" = None,
    settings: "Settings | None" = None,
) -> "pl.LazyFrame":
    """Return the admitted rows of a table as they are now, to be read when they are collected.

    A partition whose newest write is not admitted is not among them, and neither is what is written or
    admitted later. A filter on `date` or `source` opens the files of those partitions alone. Their order is
    that of the files.

    Args:
        table: its name, such as records, features or corpus.
        date: only this date, or these: dates, or texts of the form YYYY-MM-DD; all if None.
        source: only this source, or these; all if None.
        store: a folder, or an address such as s3://bucket/prefix; the deployment's if None.
        settings: the deployment; what WEBDATA_* and `.env` say if None.

    Raises:
        NotAdmittedError: nothing that was asked for is admitted; or a partition that was named by date and
            source is not.
        PermanentError: there is no such table or date, or it has no partitions to choose from.
        TransientError: partitions are admitted faster than the store can be read.
    """
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store
    from webdata_assets.store.reading import AdmittedRows, as_dates, as_names, known_table

    settings = settings or Settings()
    if store is not None:
        settings = settings.model_copy(update={"store": str(store)})
    chosen = known_table(table)
    dates, sources = as_dates(date), as_names(source)
    return AdmittedRows.choose(Store.of(settings), chosen, dates=dates, sources=sources).scan()
