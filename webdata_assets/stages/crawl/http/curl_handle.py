"""One of libcurl's handles, used for one request after another: its options, and what comes back.

What belongs here: options, callbacks, and reading a response. What does not: which handle takes which request
(curl.py), and what libcurl's errors mean (curl_errors.py).
"""

import math
from typing import Any

import pycurl

from webdata_assets.errors import PermanentError, WebdataError
from webdata_assets.stages.crawl.http.addresses import Endpoint
from webdata_assets.stages.crawl.http.bodies import BodyReader, transfer_limit
from webdata_assets.stages.crawl.http.curl_pins import Pin
from webdata_assets.stages.crawl.http.curl_sockets import Sockets
from webdata_assets.stages.crawl.http.headers import final_head, plain_headers, request_headers
from webdata_assets.stages.crawl.http.proxy_urls import Proxy
from webdata_assets.stages.crawl.transport import Request, Response

_CONNECT_SECONDS = 15.0
_SUPPRESS_CONNECT_HEADERS = 265
"""CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name: a proxy's headers are not the site's."""


class CurlHandle:
    """A handle whose lasting options are set once; a request sets those that differ from the last one's.

    Attributes:
        curl: for the multi handle to perform.
        refusal: the error that one of the callbacks found, and ended the transfer for.
        sent: whether the request went out to where it could be read.
    """

    def __init__(self, sockets: Sockets, *, cafile: str) -> None:
        """Take whose sockets are used, and the authorities whose certificates are trusted."""
        self.curl = pycurl.Curl()
        self.refusal: WebdataError | None = None
        self.sent = False
        self._sockets = sockets
        self._opened: list[int] = []
        self._options: dict[int, Any] = {}
        self._headers_given: tuple[str, bool, dict[str, str]] | None = None
        self._lines: list[bytes] = []
        self._max_bytes = 0
        self._headers: dict[str, str] | None = None
        self._body: BodyReader | None = None
        self._set_for_good(cafile)

    def prepare(
        self, request: Request, endpoint: Endpoint, pin: Pin, proxy: Proxy | None, seconds: float
    ) -> None:
        """Set the options of a request to its endpoint that may take that many seconds more.

        Raises:
            PermanentError: ACCESS, for headers that cannot be sent.
        """
        self.clear()
        self._max_bytes = request.max_body_bytes
        self._set_headers(request)
        self.curl.setopt(pycurl.URL, request.url)
        self._set(pycurl.PIPEWAIT, endpoint.scheme == "https")
        self._set(pycurl.RESOLVE, pin.resolve)
        self._set_route(request, endpoint, pin, proxy)
        self._set(pycurl.TIMEOUT_MS, max(1, round(seconds * 1000)))
        self._set(pycurl.CONNECTTIMEOUT_MS, max(1, round(min(seconds, _CONNECT_SECONDS) * 1000)))
        self._set(pycurl.LOW_SPEED_TIME, max(1, math.ceil(request.silence_seconds)))
        self._set(pycurl.MAXFILESIZE_LARGE, transfer_limit(request.max_body_bytes))
        if request.method == "POST":
            self._set(pycurl.POST, 1)
            self._set(pycurl.POSTFIELDS, request.content or b"")
        elif self._options.get(pycurl.POST):
            self._set(pycurl.POST, 0)
            self._options.pop(pycurl.POSTFIELDS)
            self.curl.setopt(pycurl.HTTPGET, 1)

    def response(self, url: str, elapsed_ms: int) -> Response:
        """Return what came back.

        Raises:
            PermanentError: RESOURCE, for headers over the cap.
            TransientError: TARGET, when the headers or a compressed body end early.
        """
        headers = self._read_headers() if self._headers is None else self._headers
        body = b"" if self._body is None else self._body.finish()
        return Response(url, self.curl.getinfo(pycurl.RESPONSE_CODE), headers, body, elapsed_ms)

    @property
    def answered(self) -> bool:
        """Whether any header came back."""
        return bool(self._lines)

    @property
    def tunnelled(self) -> bool:
        """Whether a proxy opened the tunnel that it was asked for."""
        return bool(self.curl.getinfo(pycurl.HTTP_CONNECTCODE) == 200)

    def clear(self) -> None:
        """Forget the last exchange."""
        self.refusal = None
        self.sent = False
        self._opened.clear()
        self._lines.clear()
        self._headers = None
        self._body = None

    def close(self) -> None:
        """Free the handle."""
        self.curl.close()

    def _set_for_good(self, cafile: str) -> None:
        put = self.curl.setopt
        put(pycurl.NOSIGNAL, 1)
        put(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        put(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        put(pycurl.FOLLOWLOCATION, 0)
        put(pycurl.PATH_AS_IS, 1)
        put(pycurl.NETRC, pycurl.NETRC_IGNORED)
        put(pycurl.USERAGENT, "")  # the request's own header is the only one
        # these two alone decide, not the environment
        put(pycurl.PROXY, "")
        put(pycurl.NOPROXY, "")
        put(pycurl.PROXYAUTH, pycurl.HTTPAUTH_BASIC)
        put(_SUPPRESS_CONNECT_HEADERS, 1)
        put(pycurl.HEADEROPT, pycurl.HEADER_SEPARATE)  # a proxy is not shown the site's headers on CONNECT
        for verify_peer, verify_host, authorities, folder in (
            (pycurl.SSL_VERIFYPEER, pycurl.SSL_VERIFYHOST, pycurl.CAINFO, pycurl.CAPATH),
            (
                pycurl.PROXY_SSL_VERIFYPEER,
                pycurl.PROXY_SSL_VERIFYHOST,
                pycurl.PROXY_CAINFO,
                pycurl.PROXY_CAPATH,
            ),
        ):
            put(verify_peer, 1)
            put(verify_host, 2)
            put(authorities, cafile)
            self.curl.unsetopt(folder)
        put(pycurl.LOW_SPEED_LIMIT, 1)
        put(pycurl.TCP_NODELAY, 1)
        put(pycurl.OPENSOCKETFUNCTION, self._open)
        put(pycurl.SOCKOPTFUNCTION, self._note)
        put(pycurl.PREREQFUNCTION, self._about_to_send)
        put(pycurl.HEADERFUNCTION, self._lines.append)  # libcurl itself caps their number and size
        put(pycurl.WRITEFUNCTION, self._take)

    def _set(self, option: int, value: Any) -> None:
        if self._options.get(option) != value:
            self.curl.setopt(option, value)
            self._options[option] = value

    def _unset(self, option: int) -> None:
        if self._options.pop(option, None) is not None:
            self.curl.unsetopt(option)

    def _set_headers(self, request: Request) -> None:
        with_content = request.content is not None
        given = self._headers_given
        if given is not None and given == (request.method, with_content, request.headers):
            return
        lines = [
            # libcurl takes `name;` for a header without a value, and `name:` for one to leave out
            (f"{name}: {value}" if value else f"{name};").encode()
            for name, value in request_headers(request).items()
        ]
        if request.method == "POST":
            lines.append(b"expect:")
            if not with_content:
                lines.append(b"content-type:")
        self.curl.setopt(pycurl.HTTPHEADER, lines)
        self._headers_given = (request.method, with_content, dict(request.headers))

    def _set_route(self, request: Request, endpoint: Endpoint, pin: Pin, proxy: Proxy | None) -> None:
        is_forwarded = proxy is not None and proxy.forwards(endpoint.scheme)
        # by itself libcurl writes %7e as %7E, which breaks what is signed
        self.curl.setopt(
            pycurl.REQUEST_TARGET, request.url.partition("#")[0] if is_forwarded else endpoint.target
        )
        if proxy is None:
            self._set(pycurl.CONNECT_TO, [] if pin.target is None else [f"::{pin.target}"])
            self._set(pycurl.PROXY, "")
            return
        self._set(pycurl.CONNECT_TO, [])
        self._set(pycurl.PROXY, f"{proxy.scheme}://{pin.target or proxy.address}")
        if proxy.username is None:
            self._unset(pycurl.PROXYUSERNAME)
            self._unset(pycurl.PROXYPASSWORD)
        else:
            self._set(pycurl.PROXYUSERNAME, proxy.username.encode())
            self._set(pycurl.PROXYPASSWORD, (proxy.password or "").encode())

    def _open(self, _purpose: int, address: Any) -> Any:
        """Check the very address that is connected to."""
        try:
            return self._sockets.open(address)
        except PermanentError as error:
            self.refusal = error
            return pycurl.SOCKET_BAD

    def _note(self, descriptor: int, _purpose: int) -> int:
        self._opened.append(descriptor)
        return int(pycurl.SOCKOPT_OK)

    def _about_to_send(self, *route: Any) -> int:
        """Keep libcurl from sending again when a kept connection drops a request: nobody would count it.

        What it sends to a connection that was closed before reaches no one, and is rightly sent again.
        """
        if self.sent:
            return int(pycurl.PREREQFUNC_ABORT)
        if self._opened:
            self._sockets.add(route, self._opened)
            self._opened.clear()
            self.sent = True
        else:
            self.sent = self._sockets.is_alive(route)
        return int(pycurl.PREREQFUNC_OK)

    def _take(self, chunk: bytes) -> int | None:
        try:
            if self._body is None:
                self._headers = self._read_headers()
                self._body = BodyReader(self._headers.get("content-encoding", ""), self._max_bytes)
            self._body.feed(chunk)
        except WebdataError as error:
            self.refusal = error
            return 0
        return None

    def _read_headers(self) -> dict[str, str]:
        return plain_headers(final_head(self._lines))
