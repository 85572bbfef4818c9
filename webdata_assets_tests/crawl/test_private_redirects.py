"""Redirects and names that aim at the inside: no request ever gets there."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, urls
from webdata_assets_tests.crawl.transports import HttpWay, both_ways
from webdata_assets_tests.site.answers import page, redirect

pytestmark = both_ways

IN_SCOPE = {
    "loopback": "127.0.0.1",
    "loopback in one number": "2130706433",
    "loopback in hexadecimal": "0x7f000001",
    "loopback in octal": "0177.0.0.1",
    "short loopback": "127.1",
    "another loopback": "127.8.8.8",
    "unspecified": "0.0.0.0",
    "private": "10.0.0.1",
    "metadata": "169.254.169.254",
    "a name": "localhost",
}
HOSTS = [HOST, "localhost", "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "169.254.169.254"]
"""A scope as wide as an attacker could wish for."""

OUT_OF_SCOPE = {
    "loopback in IPv6": "[::1]",
    "mapped loopback": "[::ffff:127.0.0.1]",
    "NAT64 loopback": "[64:ff9b::7f00:1]",
    "metadata in IPv6": "[fd00:ec2::254]",
}
"""No source file can take these into its scope."""


class PublicSite:
    """Reaches site.test as if it were public, and everything else by the rules."""

    name = "http"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def fetch(self, request: Request) -> Response:
        return await self._transport.fetch(replace(request, allow_private=request.url.startswith(START)))

    async def close(self) -> None:
        await self._transport.close()


def lead_to(crawling: Crawling, way: HttpWay, host: str) -> dict[str, Any]:
    site = crawling.site
    site.add("/page", redirect(f"http://{host}:{site.port}/inside"))
    site.add("/inside", page("secret"))
    source = source_of(urls("page"), hosts=HOSTS, robots="ignore", allow_private=False)
    transport = PublicSite(way(connect_to={HOST: site.address}))
    return crawling.page(crawling.run(source, transport=transport), "page")


@pytest.mark.parametrize("inside", IN_SCOPE)
def test_a_redirect_to_the_inside_is_refused_at_once(way: HttpWay, crawling: Crawling, inside: str) -> None:
    row = lead_to(crawling, way, IN_SCOPE[inside])
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "access")
    assert row["payload"] is None
    assert crawling.site.targets() == ["/page"]


@pytest.mark.parametrize("inside", OUT_OF_SCOPE)
def test_a_redirect_to_an_address_in_ipv6_leaves_the_scope(
    way: HttpWay, crawling: Crawling, inside: str
) -> None:
    row = lead_to(crawling, way, OUT_OF_SCOPE[inside])
    assert (row["outcome"], row["attempts"], row["payload"]) == ("skipped", 1, None)
    assert crawling.site.targets() == ["/page"]


class FlippingNames:
    """A resolver that answers with one address after the other, as a hostile name server does."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)
        self.asked = 0

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        address = self._addresses[min(self.asked, len(self._addresses) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def test_a_name_that_leads_inside_is_refused_at_once(
    way: HttpWay, crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = FlippingNames("127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://inside.test:{crawling.site.port}/page"
    source = source_of({"by": "urls", "start": [url]}, robots="ignore", allow_private=False)
    row = crawling.run(source, transport=way()).pages.row(0, named=True)
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "access")
    assert "127.0.0.1 is private" in row["reason"]
    assert crawling.site.log == []


def test_a_name_that_flips_to_the_inside_never_gets_there(
    way: HttpWay, crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a public address where nobody answers within the time, and loopback from then on
    names = FlippingNames("93.184.216.34", "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    url = f"http://flips.test:{crawling.site.port}/page"
    source = source_of(
        {"by": "urls", "start": [url]}, robots="ignore", allow_private=False, timeout_seconds=0.2
    )
    row = crawling.run(source, transport=way()).pages.row(0, named=True)
    assert (row["outcome"], row["payload"]) == ("failed", None)
    assert crawling.site.log == []
