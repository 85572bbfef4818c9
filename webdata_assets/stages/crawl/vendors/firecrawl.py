"""Firecrawl's `/v2/scrape` as a way to pages: what its browsers see of one URL.

What belongs here: the call, and the codes of its failures. What does not: crawls (firecrawl_jobs.py), and
HTTP, keys and refusals (client.py, answers.py).
"""

from collections.abc import Mapping

from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.jobs import Environ
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.vendors.answers import check_answer, member, optional_member, parse_json
from webdata_assets.stages.crawl.vendors.declared import (
    answer_bytes,
    check_size,
    declared_headers,
    service_seconds,
)
from webdata_assets.stages.crawl.vendors.firecrawl_service import (
    VENDOR,
    cached_at,
    check_success,
    content_type_of,
    find_key,
    open_client,
    scrape_options,
    status_of,
    text_of,
    words_of,
)

_SITE_ERRORS: Mapping[str, tuple[type[TransientError] | type[PermanentError], FailureDomain]] = {
    "SCRAPE_DNS_RESOLUTION_ERROR": (TransientError, FailureDomain.TARGET),
    "SCRAPE_SSL_ERROR": (PermanentError, FailureDomain.TARGET),
    "SCRAPE_UNSUPPORTED_FILE_ERROR": (PermanentError, FailureDomain.TARGET),
    "SCRAPE_DOCUMENT_ANTIBOT_ERROR": (PermanentError, FailureDomain.ACCESS),
    "SCRAPE_PDF_ANTIBOT_ERROR": (PermanentError, FailureDomain.ACCESS),
    "UNSUPPORTED_SITE": (PermanentError, FailureDomain.ACCESS),
    "unsafe_domain_blocked": (PermanentError, FailureDomain.ACCESS),
}
"""Codes that speak of the site, not of the call, whatever the status they come with."""


class FirecrawlTransport:
    """Pages as Firecrawl's browsers see them: their raw HTML, status and final URL."""

    name = "firecrawl"

    def __init__(self, source: Source, *, http: Transport, environ: Environ) -> None:
        """Take the source, what speaks HTTP to the service, and where the key is.

        Raises:
            PermanentError: CONFIGURATION, for a missing key or an option that only we may give.
        """
        self._source = source
        self._key = find_key(source, environ)
        self._options = scrape_options(source)
        self._client = open_client(
            source, http, self._key, clock=SystemClock(), max_body_bytes=source.fetch.max_body_bytes
        )

    async def fetch(self, request: Request) -> Response:
        """Have one page fetched; see Transport.fetch for what is raised."""
        body: dict[str, JsonValue] = {
            **self._options,
            "url": request.url,
            "formats": ["rawHtml"],
            "timeout": round(service_seconds(request) * 1_000),
        }
        if headers := declared_headers(self._source, request):
            body["headers"] = dict(headers)
        answer = await self._client.send(
            "POST",
            "/v2/scrape",
            json=body,
            timeout_seconds=request.timeout_seconds,
            max_body_bytes=answer_bytes(request.max_body_bytes),
        )
        document = self._document(answer)
        page = member(document, "rawHtml", str, VENDOR).encode()
        check_size(page, request)
        status = status_of(document)
        if status is None:
            raise PermanentError(
                f"{VENDOR}'s answer has no status in `metadata.statusCode`",
                failure_domain=FailureDomain.PARSE,
            )
        return Response(
            url=text_of(document, "url") or text_of(document, "sourceURL") or request.url,
            status=status,
            headers={"content-type": content_type_of(document)},
            body=page,
            elapsed_ms=answer.elapsed_ms,
            observed_at=cached_at(document),
        )

    async def close(self) -> None:
        """Nothing is held open: the http transport belongs to whoever made it."""

    def _document(self, answer: Response) -> JsonValue:
        try:
            content = parse_json(answer.body, VENDOR)
        except PermanentError:
            check_answer(answer, self._key)
            raise
        site_error = _SITE_ERRORS.get(optional_member(content, "code", str) or "")
        if site_error is not None:
            kind, domain = site_error
            raise kind(words_of(content, self._key), failure_domain=domain)
        check_answer(answer, self._key)
        check_success(content, self._key, FailureDomain.TARGET)
        return member(content, "data", dict, VENDOR)
