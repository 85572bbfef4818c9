"""Cookies and credentials: sent where they are for, and nowhere else; written nowhere."""

import asyncio
import logging
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.http.credentials import credential_scope_of
from webdata_assets.stages.crawl.transport import Request
from webdata_assets.stages.crawl.urls import canonical_url
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, starting
from webdata_assets_tests.crawl.proxy_servers import HttpProxy
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.listening import name_of
from webdata_assets_tests.site.answers import links, page, redirect, status
from webdata_assets_tests.site.server import FaultServer

PART = "Cookies and credentials"
SECRET = "s3cret-canary"
HEADERS = {
    "Authorization": "Bearer ${SITE_SECRET}",
    "X-Api-Key": "${SITE_SECRET}",
    "Cookie": "id=${SITE_SECRET}",
}
OTHERS = ("other.test", f"{HOST}:8080", "sub.site.test", "tenant.wild.test")
SET_COOKIES = [
    "id=1", "id=1; Domain=site.test", "id=1; Domain=.test", "id=1; Domain=test", "id=1; Domain=com",
    "id=1; Domain=other.test", "id=1; Domain=127.0.0.1", "id=1; Path=/; SameSite=None; Secure",
    "__Host-id=1; Path=/; Secure", "id=1; Domain=", "=1", "id=1; Domain=..test",
]  # fmt: skip
"""Cookies of the site itself, of a whole top-level domain, of somebody else, and malformed ones."""


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_SECRET", SECRET)


def leaks(site: FaultServer, origin: str = HOST) -> list[str]:
    """Every request, other than to the source's own host, that carried the secret."""
    return [
        f"{seen.host}{seen.target}"
        for seen in site.log
        if SECRET in str(seen.headers) and seen.host != origin
    ]


@both_ways
def test_secrets_stay_with_their_origin(way: HttpWay, crawling: Crawling, proves: Proves) -> None:
    site = crawling.site
    there = [f"http://{host}/{kind}" for host in OTHERS for kind in ("linked", "listed")]
    site.add(f"{HOST}/", links("/own", *there))
    site.add(f"{HOST}/own", page("own"))
    for number, host in enumerate(OTHERS):
        site.add(f"{HOST}/go-{number}", redirect(f"http://{host}/redirected", 307))
    site.add(f"{HOST}/robots.txt", status(404))
    goes = [f"go-{number}" for number in range(len(OTHERS))]
    source = source_of(
        starting("links", max_depth=1),
        {"by": "urls", "start": [START + go for go in goes]},
        hosts=["site.test", "other.test", "sub.site.test", "*.wild.test"],
        headers=HEADERS,
        max_attempts=1,
    )
    hosts = (HOST, *OTHERS)
    result = crawling.run(source, transport=way(connect_to=dict.fromkeys(hosts, site.address)))
    asked = {seen.host for seen in site.log}
    with_secret = {seen.target for seen in site.log if SECRET in str(seen.headers)}
    stored = str(result.pages.rows()) + str(result.dead_letters.rows())
    assert asked == set(hosts)
    assert {"/", "/own"} <= with_secret and "/robots.txt" not in with_secret
    assert leaks(site) == []
    assert SECRET not in stored
    elsewhere = sum(seen.host != HOST for seen in site.log)
    proves(
        PART,
        "Authorization, Cookie and an API key with links and redirects to other hosts, ports and wildcards' "
        f"hosts in scope, by {name_of(way)}",
        f"{len(leaks(site))} of {elsewhere} requests elsewhere had them, {stored.count(SECRET)} table cells",
    )


def test_secrets_are_not_sent_in_clear_text(proves: Proves) -> None:
    starts = {"by": "urls", "start": ["https://shop.test/", "https://api.test:8443/v1"]}
    scope = credential_scope_of(source_of(starts, hosts=["shop.test", "cdn.test", "*.wild.test"]))
    allowed = ("https://shop.test/a", "https://cdn.test/a", "https://api.test:8443/b")
    refused = (
        "http://shop.test/a", "http://cdn.test/", "https://shop.test:8080/", "https://api.test/",
        "http://api.test:8443/", "https://a.wild.test/", "https://shop.test.evil.test/", "https://evilshop.test/",
        "https://shop.test@evil.test/", "https://sub.shop.test/",
    )  # fmt: skip
    assert all(url in scope for url in allowed)
    sent = [url for url in refused if url in scope]
    assert sent == []
    proves(
        PART,
        "secrets of an https source with http URLs, other ports, subdomains and look-alikes",
        f"sent to {len(sent)} of {len(refused)}, and to all {len(allowed)} that they are for",
    )


@both_ways
def test_a_cookie_comes_back_to_nobody(way: HttpWay, crawling: Crawling, proves: Proves) -> None:
    site = crawling.site
    for number, cookie in enumerate(SET_COOKIES):
        site.add(f"/{number}", page("x", headers={"Set-Cookie": cookie}))
        site.add(
            f"/go-{number}", page("", status=302, headers={"Location": f"/{number}", "Set-Cookie": cookie})
        )
    paths = [f"{prefix}{number}" for number in range(len(SET_COOKIES)) for prefix in ("", "go-")]
    source = source_of({"by": "urls", "start": [START + path for path in paths]})
    transport = way(connect_to={HOST: site.address, "other.test": site.address})
    crawling.run(source, transport=transport)
    other = source_of({"by": "urls", "start": ["http://other.test/0", f"{START}0"]})
    again = way(connect_to={HOST: site.address, "other.test": site.address})
    result = crawling.run(other, transport=again)
    came_back = [seen.target for seen in site.log if "cookie" in seen.headers]
    assert came_back == []
    assert "id=1" not in str(result.pages.rows())
    proves(
        PART,
        "cookies that sites set, also for a whole domain (Domain=com), across redirects and sources, "
        f"by {name_of(way)}",
        f"{len(came_back)} of {len(site.log)} requests sent one of {len(SET_COOKIES)} cookies",
    )


@both_ways
def test_credentials_in_urls_are_neither_used_nor_written(
    way: HttpWay, crawling: Crawling, caplog: pytest.LogCaptureFixture, proves: Proves
) -> None:
    caplog.set_level(logging.DEBUG)
    user = f"user:{SECRET}@"
    urls = [
        f"http://{user}site.test/", f"http://{user}site.test:99999/", f"//{user}site.test/",
        f"http://{user}si te.test/", f"ftp://{user}site.test/", f"https:{user}site.test",
        f"http://user:{SECRET}/x@site.test:y/", f"http://{SECRET}@site.test/", f"https://{user}[::bad]/",
        f"http:\\\\{user}site.test:z/", f"http://{user}site.test/{'a' * 9_000}",
    ]  # fmt: skip
    texts = []
    for url in urls:
        with pytest.raises(PermanentError) as caught:
            canonical_url(url, START)
        texts.append(str(caught.value))
    site = crawling.site
    for number, url in enumerate(urls):
        site.add(f"/{number}", redirect(url))
        site.add(f"/page-{number}", links(url))
    start = [f"{START}{prefix}{number}" for number in range(len(urls)) for prefix in ("", "page-")]
    source = source_of(
        {"by": "urls", "start": start[::2]}, {"by": "links", "start": start[1::2]}, max_attempts=1
    )
    result = crawling.run(source, transport=way(connect_to={HOST: site.address}))
    tables = result.pages.drop("payload"), result.dead_letters.drop("payload", strict=False)
    written = "".join([*texts, caplog.text, *(str(table.rows()) for table in tables)])
    used = [seen.target for seen in site.log if SECRET in str(seen.headers) or SECRET in seen.target]
    assert result.counts["failed"] >= len(urls)
    assert SECRET not in written
    assert used == []
    proves(
        PART,
        f"user and password in links and redirects, by {name_of(way)}",
        f"{len(used)} requests used them, {written.count(SECRET)} errors, log lines and cells show them, "
        f"in {len(urls)} spellings",
    )


@both_ways
def test_a_proxys_credentials_stay_with_the_proxy(way: HttpWay, site: FaultServer, proves: Proves) -> None:
    site.add("/", page("x"))
    names = {f"{HOST}:80": site.address, HOST: site.address}
    with HttpProxy(names, user="ann", password=SECRET) as proxy:
        through = f"http://ann:{SECRET}@{proxy.address}"
        request = Request(
            START, {"Authorization": "Bearer own"}, timeout_seconds=5, allow_private=True, proxy=through
        )
        assert fetch(way, request).status == 200
        wrong = Request(
            START, timeout_seconds=5, allow_private=True, proxy=f"http://bob:{SECRET}@{proxy.address}"
        )
        with pytest.raises(Exception, match="other credentials") as caught:
            fetch(way, wrong)
    shown = f"{caught.value!r}{caught.value.__cause__!r}{wrong!r}"
    seen = [str(asked.headers) for asked in site.log]
    at_site = sum("proxy-authorization" in headers.lower() or SECRET in headers for headers in seen)
    assert (len(seen), at_site) == (1, 0)
    assert SECRET not in shown
    proves(
        PART,
        f"a proxy's user and password, by {name_of(way)}",
        f"{at_site} of {len(seen)} requests at the site had them, {shown.count(SECRET)} errors show them",
    )


PAGE = """<p>x<iframe src="http://other.test/frame"></iframe><img src="http://other.test/image.x">
<script>
fetch("/own.json"); fetch("http://other.test/api", {mode: "no-cors"}); fetch("/moved", {mode: "no-cors"});
new Worker("/worker.js"); document.cookie = "left=1"; document.cookie = "left=2; domain=test";
</script>"""


@pytest.mark.browser
def test_a_browsers_secrets_and_cookies_stay_with_their_page(
    site: FaultServer, chromium: Path, proves: Proves
) -> None:
    from webdata_assets.stages.crawl.browser.browser import BrowserTransport

    site.add(f"{HOST}/", page(PAGE, headers={"Set-Cookie": "set=1; Domain=site.test"}))
    site.add(f"{HOST}/worker.js", page("fetch('/in-worker')", content_type="text/javascript"))
    site.add(f"{HOST}/moved", redirect("http://other.test/moved"))
    site.add(f"{HOST}/away", redirect("http://other.test/main"))
    site.add("other.test/main", page("<p>main<script>fetch('/after')</script>"))
    site.add("other.test/frame", page("<p>frame<script>fetch('/in-frame')</script>"))
    hosts = (HOST, "other.test")
    source = source_of(starting("links", max_depth=0), via="browser", hosts=list(hosts), headers=HEADERS)
    headers = {name: value.replace("${SITE_SECRET}", SECRET) for name, value in HEADERS.items()}

    async def go() -> None:
        to = dict.fromkeys(hosts, site.address)
        async with BrowserTransport(source, executable=chromium, connect_to=to) as transport:
            for path in ("", "away", "next"):
                await transport.fetch(Request(START + path, headers, 60, allow_private=True))

    asyncio.run(go())
    elsewhere = [seen for seen in site.log if seen.host != HOST]
    assert {"/frame", "/api", "/moved", "/main", "/after"} <= {seen.target for seen in elsewhere}
    assert SECRET in site.last("/own.json").headers["authorization"]
    assert leaks(site) == []
    cookie = site.last("/next").headers["cookie"]
    assert cookie == f"id={SECRET}"
    proves(
        PART,
        "a page in Chromium whose frames, scripts, workers and redirects go to another host in scope",
        f"{len(leaks(site))} of {len(elsewhere)} requests there had the source's secrets, and "
        f"{cookie.count('left')} cookies of one page reached the next one",
    )
