"""The http ways through proxies: what the proxy is told, what the site is told, and whose fault it was."""

import asyncio
import logging
import socket
import traceback
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.transport import ProxyFailedError, Request, Response, Transport
from webdata_assets_tests.crawl.certificates import Authority
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.proxy_servers import Asked, HttpProxy, SocksProxy, closed_port
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch, inside, using

SECRET = "hunter2"
TOKEN = {"authorization": "Bearer site-s3cret", "user-agent": "me/1"}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def proxy_url(proxy: HttpProxy | SocksProxy, credentials: str = "", scheme: str = "") -> str:
    scheme = scheme or ("http" if isinstance(proxy, HttpProxy) else "socks5h")
    return f"{scheme}://{credentials}{'@' if credentials else ''}{proxy.address}"


@both_ways
def test_an_http_page_is_forwarded_with_the_password(way: HttpWay) -> None:
    with (
        RawServer(always(ok(b"page"))) as site,
        HttpProxy({"site.test": site.address}, user="me@home", password="s3cr:t/") as proxy,
    ):
        url = proxy_url(proxy, "me%40home:s3cr%3At%2F")
        response = fetch(way, inside("http://site.test/a%7e?b=1", headers=TOKEN, proxy=url))
    assert (response.status, response.body) == (200, b"page")
    assert [(asked.method, asked.target) for asked in proxy.asked] == [("GET", "http://site.test/a%7e?b=1")]
    assert b"host: site.test\r\n" in site.heads[0].lower()
    assert b"proxy-authorization" not in site.heads[0].lower()


@both_ways
def test_an_https_page_is_tunnelled_and_the_proxy_sees_none_of_it(way: HttpWay, authority: Authority) -> None:
    with (
        RawServer(always(ok(b"page")), tls=authority.context("site.test")) as site,
        HttpProxy({"site.test:443": site.address}, user="me", password="s3cret") as proxy,
    ):
        request = inside("https://site.test/", headers=TOKEN, proxy=proxy_url(proxy, "me:s3cret"))
        response = fetch(way, request, cafile=str(authority.cafile))
    assert (response.status, response.body, response.headers) == (200, b"page", {"content-length": "4"})
    assert [(asked.method, asked.target) for asked in proxy.asked] == [("CONNECT", "site.test:443")]
    assert "authorization" not in proxy.asked[0].headers
    assert "site-s3cret" not in str(proxy.asked[0].headers)
    assert b"proxy-authorization" not in site.heads[0].lower()
    assert b"authorization: Bearer site-s3cret" in site.heads[0]


@pytest.mark.parametrize("credentials", ["", "me:s3cr%3At"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_socks_resolves_the_name_at_the_proxy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, scheme: str, credentials: str
) -> None:
    asked: list[str] = []
    original = socket.getaddrinfo
    tls = authority.context("site.test") if scheme == "https" else None
    port = 443 if tls else 80
    user = "me" if credentials else None
    with (
        RawServer(always(ok(b"page")), tls=tls) as site,
        SocksProxy({f"site.test:{port}": site.address}, user=user, password="s3cr:t") as proxy,
    ):
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **more: asked.append(host) or original(host, *rest, **more),
        )
        request = inside(f"{scheme}://site.test/", headers=TOKEN, proxy=proxy_url(proxy, credentials))
        response = fetch(CurlTransport, request, cafile=str(authority.cafile))
        monkeypatch.undo()
    assert response.body == b"page"
    assert proxy.asked == [Asked("SOCKS", f"site.test:{port}")]
    assert "site.test" not in asked


def test_aiohttp_says_that_it_has_no_socks() -> None:
    with pytest.raises(PermanentError, match="CurlTransport does") as caught:
        fetch(HttpTransport, inside("http://site.test/", proxy="socks5h://me:s3cret@127.0.0.1:1080"))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert "s3cret" not in str(caught.value)


@both_ways
def test_a_proxy_over_tls_is_verified(way: HttpWay, authority: Authority) -> None:
    with (
        RawServer(always(ok(b"page")), tls=authority.context("site.test")) as site,
        HttpProxy({"site.test:443": site.address}, tls=authority.context("127.0.0.1")) as proxy,
    ):
        request = inside("https://site.test/", proxy=proxy_url(proxy, scheme="https"))
        assert fetch(way, request, cafile=str(authority.cafile)).body == b"page"
        with pytest.raises(ProxyFailedError, match="certificate"):
            fetch(way, request)
    assert len(proxy.asked) == 1


@both_ways
def test_a_sites_bad_certificate_is_not_the_proxys_fault(way: HttpWay, authority: Authority) -> None:
    with (
        RawServer(always(ok()), tls=authority.context("other.test")) as site,
        HttpProxy({"site.test:443": site.address}) as proxy,
        pytest.raises(PermanentError, match="certificate does not verify"),
    ):
        request = inside("https://site.test/", proxy=proxy_url(proxy))
        fetch(way, request, cafile=str(authority.cafile))


def everything_said(caught: pytest.ExceptionInfo[BaseException]) -> str:
    """The traceback as a log shows it, with the reprs of all exceptions in it."""
    said, error = ["".join(traceback.format_exception(caught.value))], caught.value
    while error is not None:
        said.append(repr(error))
        error = error.__cause__  # type: ignore[assignment]
    return "".join(said)


@both_ways
@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_a_wrong_password_is_the_proxys_failure_and_stays_secret(
    way: HttpWay, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    if scheme == "socks5h" and way is HttpTransport:
        pytest.skip("aiohttp has no SOCKS")
    caplog.set_level(logging.DEBUG)
    kind = SocksProxy if scheme == "socks5h" else HttpProxy
    url = "https://site.test/" if scheme == "https" else "http://site.test/"
    with RawServer(always(ok())) as site, kind({"site.test": site.address}, user="me", password="x") as proxy:
        with pytest.raises(ProxyFailedError) as caught:
            fetch(way, inside(url, proxy=proxy_url(proxy, f"user-{SECRET}:{SECRET}")))
        assert proxy.address in str(caught.value)
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert SECRET not in everything_said(caught) + caplog.text
    assert site.connections == 0


@both_ways
@pytest.mark.parametrize("url", ["http://site.test/", "https://site.test/"])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_a_proxy_that_is_down_is_the_proxys_failure(way: HttpWay, url: str, scheme: str) -> None:
    if scheme == "socks5h" and way is HttpTransport:
        pytest.skip("aiohttp has no SOCKS")
    with pytest.raises(ProxyFailedError) as caught:
        fetch(way, inside(url, proxy=f"{scheme}://me:{SECRET}@127.0.0.1:{closed_port()}"))
    assert SECRET not in everything_said(caught)


@both_ways
def test_a_proxy_whose_name_does_not_resolve_is_the_proxys_failure(way: HttpWay) -> None:
    with pytest.raises(ProxyFailedError, match="does not resolve"):
        fetch(way, inside("http://site.test/", proxy="http://proxy.invalid:8080"))


@both_ways
@pytest.mark.parametrize("url", ["http://site.test/", "https://site.test/"])
def test_a_proxy_that_hangs_up_is_the_proxys_failure(way: HttpWay, url: str) -> None:
    with RawServer(always(b"")) as proxy, pytest.raises(ProxyFailedError):
        fetch(way, inside(url, proxy=f"http://{proxy.address}"))


@both_ways
def test_a_proxy_that_never_opens_the_tunnel_is_the_proxys_failure(way: HttpWay) -> None:
    async def silent(*_: object) -> bool:
        await asyncio.sleep(60)
        return False

    with RawServer(silent) as proxy, pytest.raises(ProxyFailedError, match="no whole answer within"):
        fetch(way, inside("https://site.test/", proxy=f"http://{proxy.address}", timeout_seconds=0.3))


@both_ways
def test_a_tunnel_that_cannot_be_opened_is_the_proxys_failure(way: HttpWay) -> None:
    with HttpProxy({}) as proxy, pytest.raises(ProxyFailedError, match="502"):
        fetch(way, inside("https://site.test/", proxy=proxy_url(proxy)))


def test_a_host_that_socks_cannot_reach_is_the_proxys_failure() -> None:
    with SocksProxy({}) as proxy, pytest.raises(ProxyFailedError):
        fetch(CurlTransport, inside("https://site.test/", proxy=proxy_url(proxy)))


@both_ways
def test_a_site_that_drops_in_mid_body_behind_a_tunnel_is_the_sites_failure(
    way: HttpWay, authority: Authority
) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfew"
    with (
        RawServer(always(raw), tls=authority.context("site.test")) as site,
        HttpProxy({"site.test:443": site.address}) as proxy,
        pytest.raises(TransientError) as caught,
    ):
        request = inside("https://site.test/", proxy=proxy_url(proxy))
        fetch(way, request, cafile=str(authority.cafile))
    assert not isinstance(caught.value, ProxyFailedError)


@both_ways
def test_a_site_behind_a_tunnel_cannot_blame_the_proxy(way: HttpWay, authority: Authority) -> None:
    with (
        RawServer(always(ok(status=b"407 No")), tls=authority.context("site.test")) as site,
        HttpProxy({"site.test:443": site.address}) as proxy,
    ):
        request = inside("https://site.test/", proxy=proxy_url(proxy))
        assert fetch(way, request, cafile=str(authority.cafile)).status == 407


@both_ways
def test_the_proxys_own_address_is_checked(way: HttpWay) -> None:
    with HttpProxy({}) as proxy, pytest.raises(PermanentError, match=r"127\.0\.0\.1 is private") as caught:
        fetch(way, Request("http://site.test/", proxy=proxy_url(proxy)))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert proxy.connections == 0


@both_ways
@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:a9fe:a9fe]", "0xa9fea9fe", "[64:ff9b::7f00:1]"])
def test_a_target_that_is_refused_is_not_asked_of_a_proxy(way: HttpWay, host: str) -> None:
    with HttpProxy({}) as proxy, pytest.raises(PermanentError) as caught:
        fetch(way, inside(f"http://{host}/", proxy=proxy_url(proxy)))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert proxy.connections == 0


@both_ways
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost.", "10.0.0.1", "[::1]", "0x7f.1"])
def test_a_private_target_needs_allow_private_through_a_proxy_too(way: HttpWay, host: str) -> None:
    with pytest.raises(PermanentError, match="allow_private"):
        fetch(way, Request(f"http://{host}/", proxy="http://192.0.2.1:8080"))


@both_ways
def test_each_proxy_of_one_gateway_keeps_its_own_tunnels(way: HttpWay, authority: Authority) -> None:
    with (
        RawServer(always(ok(), keep=True), tls=authority.context("site.test")) as site,
        HttpProxy({"site.test:443": site.address}) as proxy,
    ):
        users = ["session-1", "session-2", "session-1", "session-2"]

        async def in_turn(transport: Transport) -> list[Response]:
            requests = [inside("https://site.test/", proxy=proxy_url(proxy, f"{user}:x")) for user in users]
            return [await transport.fetch(request) for request in requests]

        using(way, in_turn, cafile=str(authority.cafile))
    assert len({asked.headers["proxy-authorization"] for asked in proxy.asked}) == 2
    assert (len(site.heads), site.connections) == (4, 2)


@both_ways
def test_the_request_after_a_proxied_one_goes_directly(way: HttpWay) -> None:
    with RawServer(always(ok(b"page"))) as site, HttpProxy({"site.test": site.address}) as proxy:

        async def two(transport: Transport) -> None:
            await transport.fetch(inside("http://site.test/", proxy=proxy_url(proxy, "me:s3cret")))
            await transport.fetch(inside("http://site.test/"))

        using(way, two, connect_to={"site.test": site.address})
    assert (len(site.heads), len(proxy.asked)) == (2, 1)
    assert b"s3cret" not in site.heads[1]


@both_ways
def test_the_environment_does_not_exempt_a_host_from_the_proxy(
    way: HttpWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    with RawServer(always(ok())) as site, HttpProxy({"site.test": site.address}) as proxy:
        fetch(
            way, inside("http://site.test/", proxy=proxy_url(proxy)), connect_to={"site.test": site.address}
        )
    assert len(proxy.asked) == 1


@both_ways
@pytest.mark.parametrize("proxy", ["ftp://a:1", "http://a", "http://me:s3cret", "http://me:s3/cret@a:1", ""])
def test_a_proxy_that_cannot_be_read_is_a_configuration_error(way: HttpWay, proxy: str) -> None:
    with pytest.raises(PermanentError, match="percent-encoded") as caught:
        fetch(way, inside("http://site.test/", proxy=proxy))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert "s3" not in str(caught.value)
