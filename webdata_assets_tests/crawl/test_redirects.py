"""Redirects: every hop is judged like a first request."""

from dataclasses import replace

import pytest

from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.crawl.harness import HOST, START, Crawling, source_of, urls
from webdata_assets_tests.site.answers import page, redirect


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_row_keeps_both_urls(crawling: Crawling, code: int) -> None:
    crawling.site.add("/old", redirect("new", code))
    crawling.site.add("/new", page("here"))
    row = crawling.page(crawling.run(source_of(urls("old"))), "old")
    assert (row["outcome"], row["attempts"], row["final_url"]) == ("fetched", 1, START + "new")
    assert crawling.site.targets() == ["/old", "/new"]


def test_a_chain_of_ten_redirects_is_followed(crawling: Crawling) -> None:
    for step in range(10):
        crawling.site.add(f"/{step}", redirect(f"/{step + 1}"))
    crawling.site.add("/10", page("end"))
    row = crawling.page(crawling.run(source_of(urls("0"))), "0")
    assert (row["outcome"], row["final_url"]) == ("fetched", START + "10")


def test_a_redirect_loop_ends_after_ten_hops(crawling: Crawling) -> None:
    crawling.site.add("/loop", redirect("/loop"))
    row = crawling.page(crawling.run(source_of(urls("loop"))), "loop")
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert crawling.site.count("/loop") == 11


def test_a_redirect_out_of_scope_is_skipped_and_not_requested(crawling: Crawling) -> None:
    crawling.site.add("/away", redirect("http://elsewhere.test/"))
    row = crawling.page(crawling.run(source_of(urls("away"))), "away")
    assert (row["outcome"], row["reason"]) == ("skipped", "leads out of scope, to elsewhere.test")
    assert {seen.host for seen in crawling.site.log} == {HOST}


@pytest.mark.parametrize(
    "location", ["ftp://site.test/x", "http://", "javascript:alert(1)", "http://u:p@site.test/"]
)
def test_a_redirect_to_what_is_no_page_fails(crawling: Crawling, location: str) -> None:
    crawling.site.add("/page", redirect(location))
    row = crawling.page(crawling.run(source_of(urls("page"))), "page")
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "access")


def test_a_redirect_without_a_location_fails(crawling: Crawling) -> None:
    crawling.site.add("/page", page("", status=302))
    row = crawling.page(crawling.run(source_of(urls("page"))), "page")
    assert (row["outcome"], row["reason"]) == ("failed", "302 Found without a Location")


def test_a_redirect_to_a_metadata_address_is_refused_even_where_private_ones_are_allowed(
    crawling: Crawling,
) -> None:
    crawling.site.add("/page", redirect("http://169.254.169.254/latest/meta-data"))
    source = source_of(urls("page"), hosts=[HOST, "169.254.169.254"], robots="ignore")
    row = crawling.page(crawling.run(source), "page")
    assert (row["outcome"], row["failure_domain"]) == ("failed", "access")
    assert "169.254.169.254" in row["reason"]


def test_a_redirect_to_a_private_address_never_reaches_it(crawling: Crawling) -> None:
    class PublicSite(HttpTransport):
        """Reaches site.test as if it were public, and everything else by the rules."""

        async def fetch(self, request: Request) -> Response:
            is_site = request.url.startswith(START)
            return await super().fetch(replace(request, allow_private=is_site))

    site = crawling.site
    site.add("/page", redirect(f"http://{site.address}/inside"))
    site.add("/inside", page("secret"))
    source = source_of(urls("page"), hosts=[HOST, "127.0.0.1"], robots="ignore", allow_private=False)
    row = crawling.page(crawling.run(source, transport=PublicSite(connect_to={HOST: site.address})), "page")
    assert (row["outcome"], row["failure_domain"], row["attempts"]) == ("failed", "access", 1)
    assert "127.0.0.1 is private" in row["reason"]
    assert site.targets() == ["/page"]


def test_a_sources_headers_stay_with_the_origin(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_TOKEN", "s3cret")
    crawling.site.add(f"{HOST}/page", redirect("http://other.test/page"))
    crawling.site.add("other.test/page", page("other"))
    source = source_of(
        urls("page"), hosts=[HOST, "other.test"], headers={"Authorization": "Bearer ${SITE_TOKEN}"}
    )
    way = HttpTransport(connect_to={HOST: crawling.site.address, "other.test": crawling.site.address})
    assert crawling.page(crawling.run(source, transport=way), "page")["outcome"] == "fetched"
    sent = {
        seen.host: seen.headers.get("authorization") for seen in crawling.site.log if seen.target == "/page"
    }
    assert sent == {HOST: "Bearer s3cret", "other.test": None}
