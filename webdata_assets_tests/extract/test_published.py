import datetime as dt
import json
import time

import pytest

from webdata_assets.stages.extract.dating.sight import sightings
from webdata_assets.stages.extract.dating.weights import ANY_DATE, most_likely, shipped_weights
from webdata_assets.stages.extract.found import PageContext
from webdata_assets.stages.extract.published import (
    find_modified_at,
    find_published_at,
    modification_of,
    publication_of,
)
from webdata_assets_tests.benchmarks.dated_pages import dated_pages
from webdata_assets_tests.extract.making import DATA, DATE, URL, data_folder, jsonld, make_document

CONTEXT = PageContext("article", DATE)
TEXT = "<p>" + "The quick brown fox jumps over the lazy dog, again and again. " * 6 + "</p>"


def page_of(body: str, head: str = "", lang: str = "en-GB") -> str:
    return f"<html lang={lang}><head><title>A heading</title>{head}</head><body>{body}</body></html>"


def article_of(byline: str, before: str = "", after: str = "") -> str:
    return page_of(f"{before}<main><article><h1>A heading</h1>{byline}{TEXT}</article></main>{after}")


def published_on(html: str, url: str = URL, context: PageContext = CONTEXT) -> str | None:
    found = publication_of(make_document(html, url), context)
    return found.date.isoformat() if found else None


def modified_on(html: str) -> str | None:
    found = modification_of(make_document(html), CONTEXT)
    return found.date.isoformat() if found else None


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


@pytest.mark.parametrize(
    "head",
    [
        jsonld({"@type": "NewsArticle", "datePublished": "2026-05-04T10:00:00+02:00"}),
        jsonld({"@type": "NewsArticle", "datePublished": {"@value": "2026-05-04T10:00:00+02:00"}}),
        jsonld({"@type": ["NewsArticle", {"@id": "x"}], "datePublished": ["2026-05-04T10:00:00+02:00"]}),
        meta("article:published_time", "2026-05-04T10:00:00+02:00"),
        meta("w-published-date", "2026-05-04T10:00:00+02:00"),
        meta("DC.date.issued", "2026-05-04T10:00:00+02:00"),
        meta("date", "2026-05-04T10:00:00+02:00"),
        '<time itemprop="datePublished" datetime="2026-05-04T10:00:00+02:00">yesterday</time>',
        '<time datetime="2026-05-04T10:00:00+02:00">yesterday</time>',
    ],
)
def test_markup_states_the_moment(head: str) -> None:
    found = find_published_at(make_document(page_of(TEXT, head)), CONTEXT)
    assert found is not None
    assert found.value == dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)


def test_a_date_that_cannot_be_read_gives_way_to_the_next_place() -> None:
    page = make_document(
        jsonld({"@type": "Article", "datePublished": "soon"})
        + '<article><time datetime="2026-05-04T10:00+02:00">May</time></article>'
    )
    assert find_published_at(page, CONTEXT).value == dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)


def test_of_different_claims_the_earliest_is_the_publication() -> None:
    head = jsonld({"@type": "Article", "datePublished": "2026-05-04"})
    assert published_on(page_of(TEXT, head + meta("article:published_time", "2026-05-09"))) == "2026-05-04"


def test_what_is_published_on_the_page_is_not_the_page() -> None:
    comment = (
        '<div itemscope itemtype="https://schema.org/Comment"><time itemprop=datePublished'
        ' datetime="2026-05-09">9 May</time></div>'
    )
    assert published_on(article_of("<p class=date>4 May 2026</p>", after=comment)) == "2026-05-04"
    review = jsonld({"@type": "Review", "datePublished": "2026-05-09"})
    assert published_on(review + article_of("<p class=date>4 May 2026</p>")) == "2026-05-04"


@pytest.mark.parametrize(
    "path",
    ["/2026/05/04/title", "/2026-05-04-title", "/news/20260504/title", "/2026/may/04/title", "/2026/5/4/"],
)
def test_the_address_has_the_day(path: str) -> None:
    assert published_on(page_of(TEXT), f"http://news.test{path}") == "2026-05-04"


@pytest.mark.parametrize("path", ["/2026/05/title", "/99/05/04/", "/2026/13/04/title", "/id-20260504123/"])
def test_other_numbers_of_an_address_are_no_day(path: str) -> None:
    assert published_on(page_of(TEXT), f"http://news.test{path}") is None


def test_the_day_is_the_one_that_the_page_writes_and_the_moment_is_exact() -> None:
    head = meta("article:published_time", "2026-05-05T02:11:03Z")
    local = '<time itemprop=datePublished datetime="2026-05-04T21:11:03-05:00">4 May</time>'
    found = publication_of(make_document(page_of(local + TEXT, head)), CONTEXT)
    assert found.date == dt.date(2026, 5, 4)
    assert found.moment == dt.datetime(2026, 5, 5, 2, 11, 3, tzinfo=dt.UTC)
    assert published_on(page_of(TEXT, head), "http://news.test/2026/05/04/title") == "2026-05-04"


@pytest.mark.parametrize(
    "byline",
    [
        "<p class=byline>By Ada Lovelace, 4 May 2026</p>",
        "<span class=entry-date>May 4, 2026</span>",
        "<p>Veröffentlicht am 4. Mai 2026 von Ada</p>",
        "<p>Publié le 4 mai 2026 à 14h30</p>",
        "<div class=date>04.05.2026</div>",
        "<div class=date>04.05.26</div>",
        "<div class=date><span>4</span><span>May</span><span>2026</span></div>",
        "<p class=meta>Опубликовано: 4 мая 2026 г.</p>",
        "<p class=meta>4 maja 2026</p>",
        "<p class=meta>2026年5月4日</p>",
        '<abbr class=published title="2026-05-04T10:00">last week</abbr>',
    ],
)
def test_a_date_in_sight_is_found_as_people_write_it(byline: str) -> None:
    assert published_on(article_of(byline)) == "2026-05-04"


def test_the_time_of_day_is_read_with_the_date() -> None:
    page = make_document(article_of("<p class=date>4 May 2026, 14:30</p>"))
    assert find_published_at(page, CONTEXT).value == dt.datetime(2026, 5, 4, 14, 30, tzinfo=dt.UTC)


def test_the_date_of_the_article_is_told_from_those_of_others() -> None:
    teasers = "".join(
        f"<li class=teaser><a href=/{day}>Another</a> <span class=date>{day} May 2026</span></li>"
        for day in range(10, 30)
    )
    prose = "<p>The treaty that was signed in that town on 2 March 2011 was never ratified by anybody.</p>"
    page = article_of(
        "<p class=byline>By Ada, 4 May 2026</p>",
        before="<nav class=topbar>Friday, 29 May 2026</nav>",
        after=f"{prose}<aside class=related><ul>{teasers}</ul></aside><footer>© 2001-2026</footer>",
    )
    assert published_on(page) == "2026-05-04"


def test_a_claim_that_the_page_does_not_show_gives_way_to_the_date_that_it_shows() -> None:
    byline, head = "<p class=byline>By Ada, 4 May 2026</p>", meta("article:published_time", "2026-05-01")
    assert published_on(head + article_of(byline)) == "2026-05-04"
    assert published_on(head + article_of(byline, after="<p>1 May 2026</p>")) == "2026-05-01"


def test_a_date_long_after_the_claim_is_that_of_an_update() -> None:
    head = meta("article:published_time", "2020-05-01")
    assert published_on(head + article_of("<p class=byline>By Ada, 4 May 2026</p>")) == "2020-05-01"


def test_a_claim_that_is_made_twice_is_believed() -> None:
    head = meta("article:published_time", "2026-05-01") + jsonld(
        {"@type": "Article", "datePublished": "2026-05-01"}
    )
    assert published_on(head + article_of("<p class=byline>By Ada, 4 May 2026</p>")) == "2026-05-01"


def test_data_of_scripts_are_used_where_nothing_is_in_sight() -> None:
    script = f"<script>window.page = {json.dumps({'article': {'publishedAt': '2026-05-04T10:00'}})}</script>"
    assert published_on(page_of(TEXT + script)) == "2026-05-04"
    assert published_on(page_of(TEXT + script.replace('"', '\\"'))) == "2026-05-04"


def test_a_picture_has_the_day_of_its_upload() -> None:
    assert (
        published_on(page_of(TEXT, meta("og:image", "http://x.test/files/2026/05/04/a.png"))) == "2026-05-04"
    )


def test_timestamps_in_the_source_count_when_all_are_of_one_day() -> None:
    one = "<!-- cached 2026-05-04 10:00 --><!-- served 2026-05-04 10:05 -->"
    assert published_on(page_of(TEXT + one)) == "2026-05-04"
    assert published_on(page_of(TEXT + one + "<!-- 2026-05-05 10:05 -->")) is None


@pytest.mark.parametrize("date", ["1994-05-04", "2026-07-15"])
def test_no_date_before_the_web_or_after_the_payload_is_taken(date: str) -> None:
    for page in (
        page_of(TEXT, meta("article:published_time", date)),
        page_of(f"<p class=date>Published {date}</p>"),
        page_of(TEXT + f"<!-- {date} 10:00 -->"),
    ):
        assert published_on(page) is None
    if date > "2026":
        assert published_on(page, context=PageContext("article", dt.date(2026, 8, 1))) == date


def test_a_page_of_the_day_after_may_come_from_further_east() -> None:
    assert (
        published_on(page_of(TEXT, meta("article:published_time", "2026-06-02T01:00+09:00"))) == "2026-06-02"
    )


def test_relative_dates_are_not_resolved() -> None:
    assert published_on(article_of("<p class=date>3 days ago</p>")) is None


def test_a_document_is_not_dated_by_its_text_or_address() -> None:
    context = PageContext("document", DATE)
    page = "<html><head><title>x</title></head><body><p>Released 2020-10-31</p></body></html>"
    assert published_on(page, context=context) is None
    assert published_on(page, "http://api.test/2020-10-31/index.html", context) is None
    assert published_on(page_of(TEXT, meta("date", "2020-10-31")), context=context) == "2020-10-31"


def test_a_page_of_json_has_no_date_of_its_own() -> None:
    from webdata_assets.stages.extract.document import parse_document

    document = parse_document(URL, b'{"datePublished": "x"}', "application/json", "either")
    assert find_published_at(document, CONTEXT) is None
    assert find_modified_at(document, CONTEXT) is None


@pytest.mark.parametrize(
    ("page", "date"),
    [
        (page_of(TEXT, jsonld({"@type": "Article", "dateModified": "2026-05-04"})), "2026-05-04"),
        (page_of(TEXT, meta("article:modified_time", "2026-05-04T10:00Z")), "2026-05-04"),
        (page_of(meta("og:updated_time", "2026-05-03") + meta("dc.modified", "2026-05-04")), "2026-05-04"),
        (page_of(TEXT, meta("last-modified", "2026-05-31") + meta("lastmod", "2026-05-04")), "2026-05-04"),
        (page_of('<meta http-equiv="last-modified" content="Mon, 04 May 2026 10:00:00 GMT">'), "2026-05-04"),
        (article_of("<p>Published 1 May 2026</p><p>Last updated: 4 May 2026</p>"), "2026-05-04"),
        (article_of("<p>Zuletzt aktualisiert am 4. Mai 2026</p>"), "2026-05-04"),
        (article_of("<p>Published 4 May 2026</p>"), None),
        (page_of(TEXT, meta("article:modified_time", "2026-08-04")), None),
    ],
)  # fmt: skip
def test_the_last_change_is_the_latest_that_is_stated(page: str, date: str | None) -> None:
    assert modified_on(page) == date


def test_a_manual_was_changed_when_its_markup_says_so_or_never() -> None:
    context = PageContext("document", DATE)
    assert find_modified_at(make_document(article_of("<p>Last updated: 4 May 2026</p>")), context) is None
    page = make_document(page_of(TEXT, meta("article:modified_time", "2026-05-04")))
    assert find_modified_at(page, context).value == dt.datetime(2026, 5, 4, tzinfo=dt.UTC)


def test_the_same_date_in_two_places_is_likelier() -> None:
    once = sightings(make_document(article_of("<p class=byline>By Ada, 4 May 2026</p>")), DATE)
    twice = sightings(
        make_document(article_of("<p class=byline>By Ada, 4 May 2026</p><p>4 May 2026</p>")), DATE
    )
    assert most_likely(once).probability < most_likely(twice).probability < 1
    assert most_likely([]) is None
    assert most_likely(once, {ANY_DATE: 0.0}).probability == pytest.approx(0.5)


def test_the_weights_that_ship_are_of_signs_that_there_are() -> None:
    page = article_of("<p class=byline>By Ada, 4 May 2026</p>", after="<footer>5 May 2026</footer>")
    signs = set().union(*(seen.signs for seen in sightings(make_document(page), DATE)))
    assert len(signs & shipped_weights().keys()) > len(signs) / 2


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 20_000 + "4 May 2026",
        f"<p class='{'date ' * 100_000}'>4 May 2026</p>",
        "<table>" + "<tr><td>2019<td>17" * 20_000 + "</table>",
        "<p>4 May 2026</p>" * 20_000,
        "<p>" + "May 2026 " * 100_000 + "</p>",
        "<p>" + "1.1." * 200_000 + "</p>",
        "<time datetime='2026-05-04'>" * 20_000,
    ],
)
def test_huge_pages_cost_little(body: str) -> None:
    document = make_document(page_of(body))
    assert document.structured is not None
    started = time.process_time()
    publication_of(document, CONTEXT)
    modification_of(document, CONTEXT)
    assert time.process_time() - started < 2


def test_of_real_pages_nine_in_ten_are_dated_right() -> None:
    data_folder("htmldate_eval")
    pages = [page for page in dated_pages(DATA) if page.dataset.startswith("htmldate")]
    context = PageContext("article", dt.date(2026, 1, 1))
    right = 0
    for page in pages:
        found = publication_of(make_document(page.body, page.url), context)
        right += found is not None and found.date.isoformat() == page.date
    assert right >= 0.9 * len(pages)
