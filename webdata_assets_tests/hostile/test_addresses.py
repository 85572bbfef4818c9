"""Requests aimed at the inside: no connection is opened, whoever writes the address and however."""

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.stages.crawl.transport import Request, Response, Transport
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, outcomes, source_of, starting, urls
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, using
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.inside import DISGUISED, LOOPBACK, METADATA, PLAIN
from webdata_assets_tests.hostile.listening import Listener, name_of
from webdata_assets_tests.site.answers import page, redirect
from webdata_assets_tests.site.server import FaultServer

PART = "Requests"
WIDE = [HOST, "localhost", "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "169.254.169.254"]
"""A scope as wide as an attacker could wish for."""
CODES = (300, 301, 302, 303, 304, 305, 307, 308)


class PublicSite:
    """Reaches site.test as if it were public, and everything else by the rules."""

    name = "http"

    def __init__(self, way: HttpWay, site: FaultServer) -> None:
        self._transport = way(connect_to={HOST: site.address})

    async def fetch(self, request: Request) -> Response:
        return await self._transport.fetch(replace(request, allow_private=request.url.startswith(START)))

    async def close(self) -> None:
        await self._transport.close()


@both_ways
def test_no_spelling_of_an_inside_address_is_connected_to(
    way: HttpWay, listener: Listener, proves: Proves
) -> None:
    written = [f"http://{host}:{listener.port}/" for host in PLAIN]
    written += [url.format(port=listener.port) for url in DISGUISED]

    async def go(transport: Transport) -> int:
        refused = 0
        for url in written:
            # as a link on a page is followed, and as the bare transport would
            for read in (lambda url: canonical_url(url, START), str):
                try:
                    await transport.fetch(Request(read(url), timeout_seconds=2))
                except PermanentError:
                    refused += 1
                except TransientError as error:
                    assert "does not resolve" in str(error), url
                    refused += 1
        return refused

    refused = using(way, go)
    assert refused == 2 * len(written)
    assert listener.connections == 0
    proves(
        PART,
        f"addresses in {len(written)} spellings, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {refused} of {2 * len(written)} requests refused",
    )


def resolving_to(*answers: list[str]) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that gives one answer after another, the last one for ever."""
    waiting = list(answers)

    def look_up(_: str, port: int, *__: object, **___: object) -> list[tuple[Any, ...]]:
        addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses
        ]

    return look_up


def addresses_of(hosts: tuple[str, ...]) -> list[str]:
    """The spellings that a name server can answer with."""
    found = [host.strip("[]") for host in hosts]
    return [each for each in found if ":" in each or re.fullmatch(r"[1-9]\d*(\.\d+){3}", each)]


@both_ways
def test_a_name_that_resolves_to_the_inside_is_not_connected_to(
    way: HttpWay, listener: Listener, monkeypatch: pytest.MonkeyPatch, proves: Proves
) -> None:
    answers = [[each] for each in addresses_of(PLAIN)]
    answers += [["93.184.216.34", "127.0.0.1"], ["2606:4700::1111", "::1"]]

    async def go(transport: Transport) -> None:
        for number, answer in enumerate(answers):
            monkeypatch.setattr(socket, "getaddrinfo", resolving_to(answer))
            with pytest.raises(PermanentError):
                await transport.fetch(
                    Request(f"http://inside-{number}.test:{listener.port}/", timeout_seconds=2)
                )

    using(way, go)
    assert listener.connections == 0
    proves(
        PART,
        f"a name that resolves to the inside, alone or beside a public address, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {len(answers)} answers of a name server refused",
    )


@both_ways
def test_a_name_that_flips_between_lookup_and_connection_stays_where_it_was(
    way: HttpWay, listener: Listener, monkeypatch: pytest.MonkeyPatch, proves: Proves
) -> None:
    # nobody answers at the first address within the time; every later lookup says loopback
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["93.184.216.34"], ["127.0.0.1"]))

    async def go(transport: Transport) -> int:
        failed = 0
        for _ in range(3):
            try:
                await transport.fetch(Request(f"http://flips.test:{listener.port}/", timeout_seconds=0.2))
            except TransientError:
                failed += 1
        return failed

    failed = using(way, go)
    assert (failed, listener.connections) == (3, 0)
    proves(
        PART,
        f"DNS that changes its answer after the check (rebinding), by {name_of(way)}",
        f"{listener.connections} connections at a listener in {failed} requests",
    )


@both_ways
def test_no_redirect_leads_inside(
    way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves
) -> None:
    site = crawling.site
    targets = [url.format(port=listener.port) for url in DISGUISED if url.startswith(("http", "//"))]
    targets += [f"http://{host}:{listener.port}/" for host in PLAIN]
    for number, target in enumerate(targets):
        # a header holds no more than that
        site.add(f"/{number}", redirect(re.sub(r"[^ -~]", "", target)))
    inside = f"http://127.0.0.1:{listener.port}/"
    for code in CODES:
        site.add(f"/code-{code}", redirect(inside, code))
    site.add("/refresh", page("x", headers={"Refresh": f"0; url={inside}"}))
    site.add("/meta", page(f'<meta http-equiv=refresh content="0; url={inside}"><p>x'))
    site.add("/header", page("x", headers={"Content-Location": inside, "Link": f"<{inside}>; rel=next"}))
    for step in range(9):
        site.add(f"/chain-{step}", redirect(f"/chain-{step + 1}"))
    site.add("/chain-9", redirect(inside))
    paths = [*map(str, range(len(targets))), *(f"code-{code}" for code in CODES)]
    paths += ["refresh", "meta", "header", "chain-0"]
    source = source_of(
        urls(*paths), hosts=WIDE, robots="ignore", allow_private=False, max_attempts=1, concurrency=16
    )
    result = crawling.run(source, transport=PublicSite(way, site))
    by_outcome = result.counts
    assert listener.connections == 0
    assert sum(by_outcome.values()) == len(paths)
    assert {path for path, outcome in outcomes(result).items() if outcome == "fetched"} == {
        "/refresh", "/meta", "/header",
    }  # fmt: skip
    proves(
        PART,
        f"redirects to the inside by every status, in chains, by Refresh and in <meta>, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {by_outcome.get('failed', 0)} dead letters, "
        f"{by_outcome.get('skipped', 0)} skipped, {by_outcome.get('fetched', 0)} pages kept as they stand",
    )


@both_ways
def test_no_list_leads_inside(way: HttpWay, crawling: Crawling, listener: Listener, proves: Proves) -> None:
    site = crawling.site
    hosts = [*LOOPBACK, *METADATA[:2]]
    inside = [f"http://{host}:{listener.port}/{number}" for number, host in enumerate(hosts)]
    locations = "".join(f"<url><loc>{url}</loc></url>" for url in inside)
    items = "".join(f"<item><link>{url}</link></item>" for url in inside)
    anchors = "".join(f'<a class=item href="{url}">x</a>' for url in inside)
    first = f"http://127.0.0.1:{listener.port}/next"
    site.add("/map", page(f"<urlset>{locations}</urlset>", content_type="text/xml"))
    site.add(
        "/index",
        page(f"<sitemapindex><sitemap><loc>{first}</loc></sitemap></sitemapindex>", content_type="text/xml"),
    )
    site.add("/feed", page(f"<rss><channel>{items}</channel></rss>", content_type="text/xml"))
    site.add("/links", page(f"<base href={first}>{anchors}"))
    site.add("/list", page(f"{anchors}<a rel=next href={first}>next</a>"))
    site.add("/api", page(f'{{"next": "{first}"}}', content_type="application/json"))
    site.add("/linked", page("{}", content_type="application/json", headers={"Link": f"<{first}>; rel=next"}))
    source = source_of(
        starting("sitemap", "map"),
        starting("sitemap", "index"),
        starting("feed", "feed"),
        starting("links", "links", max_depth=2),
        starting("listing", "list", items="a.item"),
        starting("api", "api", cursor="next"),
        starting("api", "linked", link_header=True),
        hosts=WIDE,
        robots="ignore",
        allow_private=False,
        max_attempts=1,
        concurrency=16,
    )
    rows = crawling.run(source, transport=PublicSite(way, site)).pages
    refused = rows.filter(~rows["url"].str.starts_with(START))
    site.add("/robots.txt", redirect(f"http://127.0.0.1:{listener.port}/robots.txt"))
    source = source_of(urls("page"), hosts=WIDE, allow_private=False, max_attempts=1)
    assert crawling.run(source, transport=PublicSite(way, site)).counts == {"failed": 1}
    assert listener.connections == 0
    assert refused.height > 0
    assert set(refused["outcome"]) == {"failed"}
    proves(
        PART,
        f"sitemaps, feeds, lists, APIs, Link headers and a robots.txt that lead inside, by {name_of(way)}",
        f"{listener.connections} connections at a listener, {refused.height} URLs of the inside refused",
    )
