"""`webdata embed`: partitions whose vectors another encoder made, embedded again."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from webdata_assets.errors import NotAdmittedError
from webdata_assets.partitions import Partition, first_date
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.settings import Settings
from webdata_assets.store import Store


def embed_again(source: str | None, *, everything: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Embed admitted partitions again, one after the other; texts that the encoder knows are not encoded.

    Args:
        source: only its partitions.
        everything: those of the encoder in use as well, as after a change of the chunker.
        tell: called with a line after each partition.

    Returns:
        `model_id`, `ok`, `partitions` (one row each) and `problems` (lines of text).

    Raises:
        NotAdmittedError: no partition is embedded yet.
        PermanentError: there is no such source, or the settings name no encoder that can be used.
    """
    from webdata_assets.automation.jobs import EMBED
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs
    from webdata_assets.resources import EncoderResource
    from webdata_assets.sources.registry import load_sources
    from webdata_assets.store.embedded import embedded_by_another

    settings = Settings()
    registry = load_sources(settings.sources, patches=settings.patches)
    if source:
        registry.get(source)
    model_id = EncoderResource.of(settings).expected_model_id()
    store = Store.of(settings)
    store.location.check_writable()
    admitted = [
        Partition(date, name)
        for date, name in store.ledger.admitted(EMBEDDINGS).select("date", "source").iter_rows()
    ]
    if not admitted:
        raise NotAdmittedError("no partition is embedded yet; run one first, `webdata run --source NAME`")
    others = dict(embedded_by_another(store, model_id))
    chosen = [each for each in admitted if everything or each in others]
    chosen = sorted(each for each in chosen if source in (None, each.source))
    kept = [each for each in chosen if each.source not in registry.enabled]
    problems = [f"{each} keeps its vectors: source {each.source} is not enabled" for each in kept]
    oldest = first_date(dt.date.min, settings.archive_after_days)
    archived = [each for each in chosen if each.source in registry.enabled and each.date < oldest]
    problems += [f"{each} keeps its vectors: it is archived, WEBDATA_ARCHIVE_AFTER_DAYS" for each in archived]
    chosen = [each for each in chosen if each.source in registry.enabled and each.date >= oldest]
    rows: list[dict[str, Any]] = []
    definitions = build_defs(settings=settings)
    with open_instance(settings) as instance:
        for number, partition in enumerate(chosen, start=1):
            started = time.monotonic()
            outcome = execute(definitions, instance, EMBED, partition=partition)
            write = store.ledger.newest_write(EMBEDDINGS, partition)
            chunks = write.rows if write else 0
            seconds = round(time.monotonic() - started, 1)
            rows.append(
                {
                    "partition": partition.key,
                    "chunks": chunks,
                    "admitted": outcome.success,
                    "seconds": seconds,
                }
            )
            if not outcome.success:
                failure = outcome.error or f"{', '.join(outcome.failed_checks)} failed"
                problems.append(f"{partition}: {failure}")
            tell(f"{number} of {len(chosen)}: {partition}, {chunks} chunks, {seconds} s")
    ok = all(row["admitted"] for row in rows)
    return {"model_id": model_id, "ok": ok, "partitions": rows, "problems": problems}
