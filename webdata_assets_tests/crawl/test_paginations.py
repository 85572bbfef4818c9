"""The next page of a list is found at run time where the rule does not name its link."""

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery import Page, discover
from webdata_assets.stages.crawl.urls import scope_of
from webdata_assets_tests.crawl.harness import START, Crawling, outcomes, source_of, starting
from webdata_assets_tests.site.answers import page

LIST = START + "list"
ITEM = '<div class="item"><a href="/item">Item</a></div>'


def following(html: str, url: str = LIST, **rule: str) -> list[str]:
    """The next list pages that a list page names, less the site."""
    source = source_of(starting("listing", "list", **({"items": ".item"} | rule)))
    found = discover(
        source,
        scope_of(source),
        source.fetch.discover[0],
        Page(url, (ITEM + html).encode(), "text/html"),
        requested_url=url,
    )
    assert [item.url for item in found if item.role == "content"] == [START + "item"]
    return [item.url.removeprefix(START) for item in found if item.role == "discovery"]


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="next" href="/list?page=2">',
        '<a rel="nofollow next" href="/list?page=2">more</a>',
        '<nav aria-label="Pagination"><a href="/list?page=2">Next</a></nav>',
        '<ul class="pager"><li><a href="/list?page=2">Nächste Seite »</a></ul>',
        '<div class="wp-pagenavi"><a href="/list">1</a><a href="/list?page=2">›</a></div>',
        '<div><a href="/list">1</a> <a href="/list?page=2">2</a> <a href="/list?page=2">next &gt;</a></div>',
        '<p><strong>1</strong> <a href="/list?page=2">2</a> <a href="/list?page=2">Suivant</a></p>',
        '<div class="pages pagination"><a href="/list?page=2" aria-label="Next page"><i></i></a></div>',
        '<div><span>1</span> <a href="/list?page=2">2</a> <a href="/list?page=3">3</a></div>',
        '<ol><li aria-current="page"><a href="/list">1</a><li><a href="/list?page=2">2</a></ol>',
        '<div class="pager"><a href="#">Next</a></div><a rel=next href="/list?page=2">x</a>',
        '<a rel=next href="javascript:void(0)">x</a><div class="pager"><a href="/list?page=2">next</a></div>',
    ],
    ids=[
        "link element", "rel", "nav", "pager", "arrow", "among numbers", "current in bold", "label",
        "numbers alone", "current marked", "dead word", "dead rel",
    ],
)  # fmt: skip
def test_the_next_page_is_found(html: str) -> None:
    assert following(html) == ["list?page=2"]


@pytest.mark.parametrize(
    "html",
    [
        '<div class="slider"><a href="/item/7">Next</a></div>',
        '<div class="pager"><a href="/list?page=0">Previous</a></div>',
        '<div class="pagination"><a href="/list">Next</a></div>',
        '<div><span>1</span> post by <a href="/users/ann">2</a></div>',
        '<p>2 of <a href="/about">3</a></p>',
        '<a rel="next" href="">x</a><a href="/next">What comes next</a>',
    ],
    ids=["slider", "previous only", "itself", "counts", "other place", "other words"],
)
def test_what_is_no_next_page_is_not_followed(html: str) -> None:
    assert following(html) == []


def test_the_page_after_the_current_one_is_the_next() -> None:
    numbers = "".join(
        f'<b class="current">{n}</b>' if n == 7 else f'<a href="/list/page/{n}">{n}</a>' for n in range(1, 12)
    )
    assert following(f"<div>{numbers}</div>", LIST + "/page/7") == ["list/page/8"]
    assert following(f"<div>{numbers}</div>", LIST + "/page/7", next=".current + a") == ["list/page/8"]


def test_a_rules_own_selector_is_the_only_one() -> None:
    html = '<a rel="next" href="/no">x</a><a class="more" href="/list?page=9">more</a>'
    assert following(html, next="a.more") == ["list?page=9"]
    assert following(html, next="a.missing") == []


def test_a_list_is_read_to_its_end_and_a_loop_ends_it(crawling: Crawling) -> None:
    for number, after in ((1, 2), (2, 3), (3, 1)):
        target = "/list" if number == 1 else f"/list?page={number}"
        links = f'<nav class="pagination"><a href="/list?page={after}">Next</a></nav>'
        crawling.site.add(target, page(f'<div class="item"><a href="/{number}">x</a></div>{links}'))
        crawling.site.add(f"/{number}", page("item"))
    crawling.site.add("/list?page=1", page('<div class="item"><a href="/1">x</a></div>'))
    result = crawling.run(source_of(starting("listing", "list", items=".item")))
    found = outcomes(result)
    assert {"/1", "/2", "/3", "/list?page=2", "/list?page=3", "/list?page=1"} <= set(found)
    assert set(found.values()) == {"fetched"}


def test_a_list_of_many_hostile_links_ends_soon() -> None:
    links = '<a href="/x">Next</a><a href="/y">3</a>' * 20_000
    assert following(f"<div>{links}</div>") == []


def test_a_list_that_nests_without_end_is_refused() -> None:
    with pytest.raises(PermanentError) as caught:
        following("<div>" * 100_000)
    assert caught.value.failure_domain is FailureDomain.RESOURCE
