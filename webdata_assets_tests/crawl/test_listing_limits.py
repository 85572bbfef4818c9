"""What a rule says of a listing as a whole: how far it goes, how old its pages are, what its headers name."""

import datetime as dt

from webdata_assets_tests.crawl.harness import DATE, START, Crawling, outcomes, source_of, starting
from webdata_assets_tests.site.answers import page, with_validators

JSON = "application/json"


def test_a_listing_that_never_ends_is_cut_at_its_limit(crawling: Crawling) -> None:
    crawling.site.add("/list", page('{"items": [1], "next": 1}', content_type=JSON))
    rule = starting("api", "list", page_param="page", items="items", max_listing_pages=3)
    result = crawling.run(source_of(rule))
    assert sorted(outcomes(result)) == ["/list", "/list?page=2", "/list?page=3"]


def test_the_next_page_that_a_header_names_is_followed_and_never_asked_conditionally(
    crawling: Crawling,
) -> None:
    link = f'<{START}list?p=2>; rel="next"'
    crawling.site.add("/list", page("[1]", content_type=JSON, headers={"Link": link, "ETag": '"1"'}))
    crawling.site.add("/list?p=2", page("[2]", content_type=JSON))
    source = source_of(starting("api", "list", link_header=True))
    first = crawling.run(source)
    assert outcomes(first) == {"/list": "fetched", "/list?p=2": "fetched"}
    second = crawling.run(source, after=first.pages, date=DATE.replace(day=3))
    assert outcomes(second) == {"/list": "unchanged", "/list?p=2": "unchanged"}
    assert "if-none-match" not in crawling.site.last("/list").headers


def sitemap(*pages: tuple[str, str]) -> str:
    urls = "".join(
        f"<url><loc>{START}{path}</loc><lastmod>{moment}</lastmod></url>" for path, moment in pages
    )
    return f"<urlset>{urls}</urlset>"


def test_only_recent_pages_of_a_sitemap_are_visited(crawling: Crawling) -> None:
    listed = sitemap(("new", "2026-06-01"), ("old", "2020-01-01"))
    crawling.site.add("/sitemap.xml", page(listed, content_type="text/xml"))
    crawling.site.add("/new", page("new"))
    rule = starting("sitemap", "sitemap.xml", modified_within_days=30)
    assert sorted(outcomes(crawling.run(source_of(rule)))) == ["/new", "/sitemap.xml"]


def test_a_known_page_that_is_listed_as_old_is_not_gone(crawling: Crawling) -> None:
    crawling.site.add("/sitemap.xml", page(sitemap(("a", "2026-05-20")), content_type="text/xml"))
    crawling.site.add("/a", page("a"))
    first = crawling.run(source_of(starting("sitemap", "sitemap.xml")))
    recent = source_of(starting("sitemap", "sitemap.xml", modified_within_days=7))
    second = crawling.run(recent, after=first.pages, date=DATE.replace(day=3))
    assert outcomes(second)["/a"] == "unchanged"


def test_a_page_older_than_its_last_visit_is_unchanged_without_a_request(crawling: Crawling) -> None:
    crawling.site.add("/sitemap.xml", page(sitemap(("a", "2026-05-01")), content_type="text/xml"))
    crawling.site.add("/a", with_validators("a", etag='"1"'))
    source = source_of(starting("sitemap", "sitemap.xml"))
    first = crawling.run(source)
    crawling.site.log.clear()
    later = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    second = crawling.run(source, after=first.pages, date=later.date(), now=later)
    row = crawling.page(second, "a")
    assert (row["outcome"], row["attempts"], row["payload_date"]) == ("unchanged", 0, DATE)
    assert crawling.site.targets() == ["/sitemap.xml"]


def test_a_page_that_its_sitemap_calls_newer_is_asked_for(crawling: Crawling) -> None:
    crawling.site.add("/sitemap.xml", page(sitemap(("a", "2026-06-02")), content_type="text/xml"))
    crawling.site.add("/a", page("a"))
    source = source_of(starting("sitemap", "sitemap.xml"))
    first = crawling.run(source)
    crawling.site.log.clear()
    later = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    crawling.run(source, after=first.pages, date=later.date(), now=later)
    assert sorted(crawling.site.targets()) == ["/a", "/sitemap.xml"]


def test_a_sitemap_that_is_not_trusted_skips_nothing(crawling: Crawling) -> None:
    crawling.site.add("/sitemap.xml", page(sitemap(("a", "2026-05-01")), content_type="text/xml"))
    crawling.site.add("/a", page("a"))
    source = source_of(starting("sitemap", "sitemap.xml"), skip_unmodified=False)
    first = crawling.run(source)
    crawling.run(source, after=first.pages, date=DATE.replace(day=3))
    assert crawling.site.count("/a") == 2
