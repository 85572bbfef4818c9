"""What Firecrawl's pages and crawls share: key, address, options of a scrape, and how a document is read.

What belongs here: fields of API v2 (docs.firecrawl.dev) that both use. What does not: calls (firecrawl.py,
firecrawl_jobs.py).
"""

import datetime as dt
from collections.abc import Mapping

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.jobs import Environ
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets.stages.crawl.vendors.answers import optional_member, printable
from webdata_assets.stages.crawl.vendors.client import VendorClient
from webdata_assets.stages.crawl.vendors.declared import options_of, service_of
from webdata_assets.stages.crawl.vendors.items import kind_of_text
from webdata_assets.stages.crawl.vendors.keys import Key, require_key

VENDOR = "Firecrawl"

_URL = "https://api.firecrawl.dev"
_VARIABLE = "FIRECRAWL_API_KEY"
_OWN_WORDS: Mapping[str, JsonValue] = {"maxAge": 0, "onlyMainContent": False, "skipTlsVerification": False}
"""Today's whole page, over verified TLS; Firecrawl's own defaults are a cached one, cut, and unverified."""
_RESERVED = ("url", "formats", "timeout")


def find_key(source: Source, environ: Environ) -> Key:
    """Return the key; an empty one for a Firecrawl of one's own without a key.

    Raises:
        PermanentError: CONFIGURATION, when the key is missing.
    """
    if service_of(source, "firecrawl").url is not None and not environ.get(_VARIABLE):
        return Key(VENDOR, _VARIABLE, "")
    return require_key(environ, _VARIABLE, VENDOR)


def open_client(
    source: Source, http: Transport, key: Key, *, clock: Clock, max_body_bytes: int
) -> VendorClient:
    """Return the client of the source's Firecrawl. Raises PermanentError as VendorClient does."""
    return VendorClient(
        http,
        service_of(source, "firecrawl").url or _URL,
        key,
        headers={"authorization": f"Bearer {key.value}"} if key.value else {},
        allow_private=source.allow_private,
        clock=clock,
        max_body_bytes=max_body_bytes,
    )


def scrape_options(source: Source) -> dict[str, JsonValue]:
    """Return how each page is scraped: our own words, then the source file's.

    Raises:
        PermanentError: CONFIGURATION, for an option that only we may give.
    """
    options = {**_OWN_WORDS, **options_of(source, "firecrawl", reserved=_RESERVED)}
    if source.fetch.wait_for is not None:
        options.setdefault("actions", [{"type": "wait", "selector": source.fetch.wait_for}])
    return options


def text_of(document: JsonValue, name: str) -> str | None:
    """Return a text of a document's metadata, if it is there and not empty."""
    return optional_member(document, f"metadata.{name}", str) or None


def status_of(document: JsonValue) -> int | None:
    """Return the HTTP status that Firecrawl saw, which some versions write as text."""
    status = optional_member(document, "metadata.statusCode", int)
    text = text_of(document, "statusCode")
    if status is None and text is not None and text.isascii() and text.isdigit():
        status = int(text[:4])
    return status if status is not None and 100 <= status <= 599 else None


def content_type_of(document: JsonValue) -> str:
    """Return the content type of a document's raw HTML, as we encode it."""
    kind = (text_of(document, "contentType") or "").partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or kind.endswith(("json", "xml"))):
        # of a PDF, say, Firecrawl gives the text that it read in it
        kind = kind_of_text(optional_member(document, "rawHtml", str) or "")
    # Firecrawl has decoded the page; what its markup says of its encoding is of the past
    return f"{kind}; charset=utf-8"


def cached_at(document: JsonValue) -> dt.datetime | None:
    """Return when a page out of Firecrawl's cache was seen; None for one that was fetched now.

    Raises:
        PermanentError: PARSE, when it is no date.
    """
    written = text_of(document, "cachedAt")
    if written is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError as error:
        raise PermanentError(
            f"{VENDOR}'s `metadata.cachedAt` is no date", failure_domain=FailureDomain.PARSE
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def check_success(answer: JsonValue, key: Key, domain: FailureDomain) -> None:
    """Raise PermanentError of the domain where an answer with status 200 says `success: false`."""
    if optional_member(answer, "success", bool) is False:
        raise PermanentError(words_of(answer, key), failure_domain=domain)


def words_of(answer: JsonValue, key: Key) -> str:
    """Return what Firecrawl says went wrong, as one line."""
    parts = (optional_member(answer, name, str) for name in ("url", "code", "error"))
    return printable(f"{VENDOR} says: " + " · ".join(filter(None, parts)), key)
