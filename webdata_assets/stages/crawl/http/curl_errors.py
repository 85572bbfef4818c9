"""What libcurl's errors mean for a crawl.

What belongs here: error codes → typed errors. What does not: making requests (curl.py).
"""

import pycurl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError
from webdata_assets.stages.crawl.http.addresses import Endpoint
from webdata_assets.stages.crawl.http.bodies import body_too_large
from webdata_assets.stages.crawl.http.curl_handle import CurlHandle
from webdata_assets.stages.crawl.http.headers import headers_too_large
from webdata_assets.stages.crawl.http.proxy_urls import Proxy
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request

_TOO_LARGE = 100
"""CURLE_TOO_LARGE, which pycurl does not name: of headers."""
_CERTIFICATE = frozenset(
    {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_ISSUER_ERROR, pycurl.E_SSL_INVALIDCERTSTATUS}
)
_TLS = _CERTIFICATE | {pycurl.E_SSL_CONNECT_ERROR}
_NO_ANSWER = frozenset({pycurl.E_GOT_NOTHING, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR})


def error_of(
    error: pycurl.error, endpoint: Endpoint, request: Request, proxy: Proxy | None, handle: CurlHandle
) -> WebdataError:
    """Return the typed error of a transfer that failed; see Transport.fetch for which there are.

    Raises:
        RuntimeError: when a callback of ours failed.
    """
    code, text = error.args
    if handle.refusal is not None:
        return handle.refusal
    if code == pycurl.E_WRITE_ERROR:
        raise RuntimeError("reading a response failed") from error
    typed = _typed(code, text, request)
    if proxy is not None and _is_the_proxys(code, endpoint, proxy, handle):
        return ProxyFailedError(f"the proxy {proxy.label} failed: {typed}")
    return typed


def timed_out(request: Request) -> TransientError:
    """Return the error of a request whose time is over."""
    return TransientError(
        f"no whole answer within {request.timeout_seconds:g} s", failure_domain=FailureDomain.TARGET
    )


def _typed(code: int, text: str, request: Request) -> WebdataError:
    if code in _CERTIFICATE:
        return PermanentError(
            f"the certificate does not verify: {text}"[:300], failure_domain=FailureDomain.TARGET
        )
    if code == pycurl.E_FILESIZE_EXCEEDED:
        return body_too_large(request.max_body_bytes)
    if code == _TOO_LARGE or text.startswith("Too large response headers"):
        return headers_too_large()
    if code == pycurl.E_URL_MALFORMAT:
        return PermanentError("the URL cannot be requested over http", failure_domain=FailureDomain.ACCESS)
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return timed_out(request)
    if code == pycurl.E_ABORTED_BY_CALLBACK:
        text = "the kept connection was closed before an answer"
    why = (text or pycurl.easy_strerror(code))[:300]
    return TransientError(f"the connection failed: {why}", failure_domain=FailureDomain.TARGET)


def _is_the_proxys(code: int, endpoint: Endpoint, proxy: Proxy, handle: CurlHandle) -> bool:
    """Tell the proxy's failures from the site's, which come through it."""
    if handle.sent:
        return proxy.forwards(endpoint.scheme) and not handle.answered and code in _NO_ANSWER
    if code in _TLS:
        return not handle.tunnelled and proxy.scheme != "socks5h"
    return not handle.tunnelled
