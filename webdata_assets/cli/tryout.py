"""`webdata try`: one page through a source's extraction, shown and not stored."""

import asyncio
import datetime as dt
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.sources.discover import DiscoverUrls
from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.sources.model import Source
from webdata_assets.sources.policies import BreakerPolicy
from webdata_assets.sources.registry import load_sources

if TYPE_CHECKING:
    from webdata_assets.stages.extract.extraction import Payload
    from webdata_assets.stages.extract.workers.pool import ExtractionPool

SHOWN_CHARACTERS = 300
_PATIENCE_SECONDS = 10.0
"""With a host that is down, while a person waits."""
SHOWN_RECORDS = 3


def try_source(url: str, name: str, date: dt.date) -> dict[str, Any]:
    """Fetch one URL, or read one file, and report what the source makes of it.

    Returns:
        `ok`, `records_found`, `fields` (rows of record, field, value), `selectors` (rows of field, selector,
        matches), and as lines of text `problems` and what the source itself leaves out, `left_out`.

    Raises:
        PermanentError: it is neither a file nor a URL, or it could not be fetched; the message says why.
    """
    from webdata_assets.stages.extract.workers.limits import Limits
    from webdata_assets.stages.extract.workers.pool import ExtractionPool

    settings = Settings()
    source = load_sources(settings.sources, patches=settings.patches).get(name)
    if Path(url).is_file():
        payload = _read_file(Path(url), date)
        # a file has no address that `extract.pages` could tell
        source = source.model_copy(update={"extract": source.extract.model_copy(update={"pages": None})})
    elif url.startswith(("http://", "https://")):
        payload = _fetch(url, source, date, settings)
    else:
        raise PermanentError(
            f"{url!r} is neither a file nor an absolute http or https URL",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    # confined as in a run: a page that hangs its parser is killed
    with ExtractionPool(1, Limits(settings.extract_page_seconds, settings.extract_memory_mb)) as pool:
        return report_of(source, url, payload, date, pool)


def report_of(
    source: Source, url: str, payload: "Payload", date: dt.date, pool: "ExtractionPool"
) -> dict[str, Any]:
    """Return what a source makes of a page that came, as `try_source` does."""
    from webdata_assets.stages.clean.cleaner import clean
    from webdata_assets.stages.extract.extraction import joined

    extraction = joined(pool.extract(source, [payload]))
    cleaned = clean(source, date, extraction)
    records = cleaned.records.head(SHOWN_RECORDS)
    fields = [
        {"record": number, "field": field, "value": _shown(value)}
        for number, row in enumerate(records.iter_rows(named=True))
        for field, value in row.items()
        if field in _FIELDS and value is not None
    ]
    selectors = [
        {"field": field, "selector": selector, "matches": matches}
        for field, hits in sorted(extraction.selector_hits.items())
        for selector, matches in hits.items()
    ]
    problems = _reasons(cleaned.quarantine, "refused")
    left_out = _reasons(cleaned.quarantine, "filtered")
    if cleaned.extracted == 0 and not problems:
        pages = source.extract.pages
        skipped = pages is not None and not re.search(pages, url)
        why = f"extract.pages, {pages}, does not match its URL" if skipped else "extract.items finds nothing"
        problems.append(f"no record on this page: {why}")
    return {
        "ok": not problems and bool(cleaned.records.height or left_out),
        "records_found": cleaned.records.height,
        "fields": fields,
        "selectors": selectors,
        "problems": problems,
        "left_out": left_out,
    }


_FIELDS = frozenset({"record_id", "url", "extra", *STRUCTURED_FIELDS})


def _reasons(quarantine: pl.DataFrame, disposition: str) -> list[str]:
    rows = quarantine.filter(pl.col("disposition") == disposition).sort("url", "ordinal", "rule")
    words = "left out" if disposition == "filtered" else disposition
    return [f"{words} by {rule}: {reason}" for rule, reason in rows.select("rule", "reason").iter_rows()]


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"


def _read_file(path: Path, date: dt.date) -> Any:
    from webdata_assets.stages.extract.extractor import Payload

    body = path.read_bytes()
    url = f"http://file.invalid/{path.name}"
    return Payload(url, url, None, body, blake3(body).hexdigest(), date)


def _fetch(url: str, source: Source, date: dt.date, settings: Settings) -> Any:
    """Visit one URL exactly as a crawl would: robots, scope, rate, address checks and retries included."""
    from webdata_assets.cli.demo_hosts import demo_hosts
    from webdata_assets.resources import FetcherResource
    from webdata_assets.schemas.pages import PAGES
    from webdata_assets.stages.crawl.folder_spool import FolderSpool
    from webdata_assets.stages.crawl.frontier import check_date, plan_frontier
    from webdata_assets.stages.crawl.urls import host_of
    from webdata_assets.store.payloads import Payloads

    now = dt.datetime.now(dt.UTC)
    check_date(source, date, now)
    starts = [start for rule in source.fetch.discover for start in rule.start]
    hosts = source.fetch.hosts or tuple(dict.fromkeys(host_of(start) for start in starts))
    one_page = source.model_copy(
        update={
            "fetch": source.fetch.model_copy(
                update={
                    "discover": (DiscoverUrls(by="urls", start=(url,)),),
                    "hosts": hosts,
                    "breaker": BreakerPolicy(max_wait_seconds=_PATIENCE_SECONDS),
                }
            )
        }
    )
    frontier = plan_frontier(one_page, date, PAGES.empty().drop("payload"))
    with ExitStack() as stack:
        connect_to = stack.enter_context(demo_hosts(source, settings))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        fetcher = FetcherResource.of(settings, connect_to)
        result = asyncio.run(
            fetcher.crawl(
                one_page,
                date,
                frontier,
                spool=FolderSpool(Path(folder)),
                load_payload=_nothing_stored,
                now=lambda: dt.datetime.now(dt.UTC),
                log=lambda _line: None,
            )
        )
        pages = result.pages
    page = pages.row(0, named=True)
    if page["outcome"] != "fetched":
        raise PermanentError(
            f"{url}: {page['outcome']}: {page['reason']}",
            failure_domain=FailureDomain(page["failure_domain"] or FailureDomain.TARGET),
        )
    fetched = pages.with_columns(role=pl.lit("content"))
    return next(Payloads.of_pages(fetched))


def _nothing_stored(url: str, _payload_hash: str, _payload_date: dt.date) -> bytes:
    raise LookupError(f"nothing is stored for {url}")
