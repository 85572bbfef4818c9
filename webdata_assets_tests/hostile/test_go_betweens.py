"""Proxies and vendors' services between us and the inside: neither is sent there, nor leads us there."""

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.transport import Request, Transport
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, outcomes, source_of, starting, urls
from webdata_assets_tests.crawl.loopback import RawServer, always
from webdata_assets_tests.crawl.proxy_servers import HttpProxy, SocksProxy
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, using
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.inside import PLAIN
from webdata_assets_tests.hostile.listening import Listener, name_of

PART = "Requests"


@both_ways
def test_a_proxy_is_not_asked_for_the_inside(way: HttpWay, listener: Listener, proves: Proves) -> None:
    hosts = PLAIN
    kinds = (HttpProxy,) if name_of(way) == "aiohttp" else (HttpProxy, SocksProxy)
    asked = refused = 0
    for kind in kinds:
        with kind({}) as proxy:
            scheme = "socks5h" if kind is SocksProxy else "http"
            through = f"{scheme}://{proxy.address}"

            async def go(transport: Transport, through: str = through) -> int:
                count = 0
                for host in hosts:
                    for scheme in ("http", "https"):
                        url = f"{scheme}://{host}:{listener.port}/"
                        try:
                            await transport.fetch(Request(url, timeout_seconds=2, proxy=through))
                        except PermanentError:
                            count += 1
                return count

            refused += using(way, go)
            asked += len(proxy.asked) + proxy.connections
    assert (asked, listener.connections) == (0, 0)
    assert refused == 2 * len(hosts) * len(kinds)
    proves(
        PART,
        f"inside addresses through a proxy, and proxies at inside addresses, by {name_of(way)}",
        f"{asked} connections at the proxy, {listener.connections} at a listener, {refused} requests refused "
        "(names alone are a proxy's to resolve)",
    )


@both_ways
def test_a_service_cannot_lead_us_inside(
    way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves
) -> None:
    from webdata_assets.stages.crawl.vendors.zenrows import ZenRowsTransport
    from webdata_assets_tests.crawl.vendors.fake_zenrows import KEY, FakeZenRows, SitePage

    inside = f"http://127.0.0.1:{listener.port}/"
    moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % inside.encode()
    with FakeZenRows() as service, RawServer(always(moved)) as moving:
        service.site[START] = SitePage(f'<a href="{inside}links">x</a><a href="/b">y</a>'.encode())
        service.site[f"{START}b"] = SitePage(b"stolen", final_url=f"{inside}final")
        service.site[f"{START}c"] = SitePage(b"", status=302, headers={"Location": f"{inside}moved"})
        outcome: dict[str, str] = {}
        for base in (f"{service.url}/v1/", moving.origin):
            source = source_of(
                starting("links", max_depth=1),
                urls("c"),
                via="zenrows",
                services={"zenrows": {"url": base}},
                hosts=[HOST],
                robots="ignore",
                max_attempts=1,
            )
            transport = ZenRowsTransport(source, http=way(), environ={"ZENROWS_API_KEY": KEY})
            result = crawling.run(source, transport=transport)
            outcome |= {f"{base}{path}": each for path, each in outcomes(result).items()}
    refused = [each for each in outcome.values() if each != "fetched"]
    assert listener.connections == 0
    assert len(refused) == len(outcome) - 1
    proves(
        PART,
        f"a vendor's answers that point inside: final URL, links, redirects, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {len(refused)} of {len(outcome)} answers refused",
    )
