"""What a browser may ask of a server without a login: only what its own pages ask.

What belongs here: telling our own pages from those of others, by the headers that browsers set and pages
cannot. What does not: who a caller is; that needs a proxy that asks (docs/webserver.md).
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JSON = ("application/json", "application/graphql")
"""Types that a page may send to another origin only after a preflight, which nobody here answers."""
_OWN_PAGES = ("", "none", "same-origin")
_POLICY = "frame-ancestors 'none'"


class Refusal(NamedTuple):
    """Why a request is not handed on."""

    status: HTTPStatus
    reason: str


class BrowserGuard:
    """Wraps an application whose GraphQL executes what a plain link, form or image of any page asks.

    Programs that are no browser send none of the headers that are judged, beside Host.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        """Take the application and the names, without ports, that it may be called by."""
        self._app = app
        self._hosts = frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = refusal_of(scope, self._hosts)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            # before it is accepted, this is an answer of 403
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.reason})
        else:
            answer = PlainTextResponse(f"{refusal.reason}\n", refusal.status)
            await answer(scope, receive, _with_headers(send))


def refusal_of(scope: Scope, hosts: Collection[str]) -> Refusal | None:
    """Return why a request is refused; None where it is not.

    Args:
        scope: of an HTTP request or a web socket.
        hosts: names in lower case that the server may be called by.
    """
    headers = Headers(scope=scope)
    called = headers.getlist("host")
    # a page whose own name was made to point here says that name
    if len(called) != 1 or _name(called[0]) not in hosts:
        return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "This server is not called by that name")
    if not all(_is_of(origin, called[0]) for origin in headers.getlist("origin")):
        return Refusal(HTTPStatus.FORBIDDEN, "Pages of another origin may not ask")
    if headers.get("sec-fetch-site", "") not in _OWN_PAGES and not _is_followed_link(scope, headers):
        return Refusal(HTTPStatus.FORBIDDEN, "Pages of another site may not ask")
    if scope["type"] == "websocket":
        return None
    # a prefix: Starlette takes a path with a line break at its end for the same route
    asks_graphql = scope["path"].startswith("/graphql")
    if asks_graphql and scope["method"] != "POST" and scope["query_string"]:
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is asked by POST, with the query in the body")
    if scope["method"] == "POST":  # of such a body alone the query is taken, whatever the address says
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in (_JSON if asks_graphql else ("", *_JSON)):
            return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON, and say so")
    return None


def _name(host: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _is_of(origin: str, host: str) -> bool:
    """Whether an Origin is that of a host; a proxy that ends TLS changes only the scheme."""
    return urlsplit(origin).netloc.lower() == host.lower()


def _is_followed_link(scope: Scope, headers: Headers) -> bool:
    """Whether this opens a page of its own, as a link in a mail does; what it shows stays out of reach."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _with_headers(send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            # beside the page's own policy: both hold
            headers.append("Content-Security-Policy", _POLICY)
        await send(message)

    return send_on
