"""What a source file says of a vendor's service, in the words of a call.

What belongs here: options, headers and addresses out of `fetch`. What does not: a vendor's own fields.
"""

from collections.abc import Iterable, Mapping

import orjson
from pydantic import JsonValue

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.fetch import JobWay, PageWay, Service
from webdata_assets.sources.model import Source
from webdata_assets.stages.crawl.transport import Request

_MARGIN_SECONDS = 5.0
_METADATA_BYTES = 100_000


def service_of(source: Source, way: PageWay | JobWay) -> Service:
    """Return what `fetch.services` says of a way."""
    return source.fetch.services.get(way) or Service()


def options_of(source: Source, way: PageWay | JobWay, *, reserved: Iterable[str]) -> dict[str, JsonValue]:
    """Return a service's further options.

    Args:
        source: says them in `fetch.services`.
        way: whose.
        reserved: names that only we may give.

    Raises:
        PermanentError: CONFIGURATION, when a reserved name is among them.
    """
    options = service_of(source, way).options
    for name in reserved:
        if name in options:
            raise PermanentError(
                f"source {source.name!r}: `fetch.services.{way}.options` may not hold `{name}`; remove it",
                failure_domain=FailureDomain.CONFIGURATION,
            )
    return dict(options)


def as_params(options: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return options as a query writes them: `true` and `false`, text as it is, the rest as JSON."""
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in options.items()
    }


def declared_headers(source: Source, request: Request) -> dict[str, str]:
    """Return those of a request's headers that the source file itself declares.

    Only they go through a vendor: it has a user agent and caches of its own, and a 304 that it passes on
    would answer somebody else's question.
    """
    names = {name.lower() for name in source.fetch.headers}
    if source.as_of is not None and source.as_of.header is not None:
        names.add(source.as_of.header.lower())
    return {name.lower(): value for name, value in request.headers.items() if name.lower() in names}


def service_seconds(request: Request) -> float:
    """Return how long a service may take over a page: less than we wait, so that it is it who says why."""
    return max(1.0, request.timeout_seconds - min(_MARGIN_SECONDS, request.timeout_seconds / 4))


def answer_bytes(page_bytes: int) -> int:
    """Return the cap on a JSON answer that holds one page of at most so many bytes.

    JSON may write a letter of two bytes as an escape of six; the page's metadata come on top.
    """
    return 3 * page_bytes + _METADATA_BYTES


def check_size(body: bytes, request: Request) -> None:
    """Refuse a page out of a service's answer that is larger than the request allows.

    Raises:
        PermanentError: RESOURCE.
    """
    if len(body) > request.max_body_bytes:
        raise PermanentError(
            f"the body is larger than {request.max_body_bytes} bytes (fetch.max_body_bytes)",
            failure_domain=FailureDomain.RESOURCE,
        )
