"""Barriers are known for what they are, and no page of content is taken for one."""

import pytest

from webdata_assets.stages.crawl.barriers.barriers import Barrier, find_barrier
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets_tests.crawl.barrier_pages import ASKED, WALLS, Wall, document
from webdata_assets_tests.crawl.saved_pages import python_docs, saved_pages

TRUE_WALLS = {"htmldate_eval/html/1685765130.html.gz": "captcha"}
"""Saved pages that, on reading them, are walls: Imperva's refusal with its incident number, no more."""

PROSE = "<p>" + "Oak is hard, heavy and lasts for generations. " * 40 + "</p>"
LINKS = "".join(f'<a href="/{number}">{number}</a>' for number in range(9))


def look(html: str, url: str = ASKED, *, requested: str = ASKED, **values: object) -> Barrier | None:
    headers = values.pop("headers", {})
    assert isinstance(headers, dict)
    page = Page(url, html.encode(), str(values.pop("content_type", "text/html; charset=utf-8")), headers)
    return find_barrier(page, requested_url=requested, status=200)


@pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
def test_a_barrier_is_known(wall: Wall) -> None:
    found = look(wall.html, wall.url)
    assert found is not None
    assert found.kind == wall.kind
    assert found.reason


def test_the_vendor_is_named_in_the_reason() -> None:
    named = {name: look(wall.html, wall.url) for name, wall in WALLS.items()}
    reasons = {name: barrier.reason for name, barrier in named.items() if barrier}
    assert reasons["datadome"] == "DataDome's challenge"
    assert reasons["login by redirect"] == "led to the login at /account/login"


def test_a_challenge_that_the_headers_tell_needs_no_look_at_the_page() -> None:
    found = look(document("Tables", LINKS + PROSE), headers={"cf-mitigated": "challenge"})
    assert found == Barrier("captcha", "Cloudflare's challenge")


@pytest.mark.parametrize(
    "html",
    [
        document("What to do about a 404 page | Docs", f"<h1>404 Not Found</h1>{PROSE}{LINKS}"),
        document("404 Not Found - HTTP | Docs", f"<h1>404 Not Found</h1>{PROSE}{LINKS}"),
        document("Log in - the command | Manual", f"<h1>login</h1>{PROSE}{LINKS}"),
        document("Access denied: a film", f"<h1>Access denied</h1>{PROSE}{LINKS}"),
        document("How a captcha works", f"<h1>Captcha</h1><div class='g-recaptcha'></div>{PROSE}{LINKS}"),
        document("Oak table", f"<form><input type=password></form>{LINKS}<h1>Oak table</h1><p>Short.</p>"),
        document("Cookie settings", f"<h1>Cookie settings</h1>{PROSE}{LINKS}<button>Accept all</button>"),
        document("Contact", f"<p>Write to us.</p><div class='h-captcha'></div>{LINKS}"),
        document("Oak", '<div id="app"></div><p>' + "Twenty words are more than a shell has. " * 3 + "</p>"),
        document("Album", '<div id="root"></div><img src="/table.jpg"><script src="/a.js"></script>'),
        document(
            "Table",
            '<div id="root"></div><script type="application/ld+json">{"@type": "Product"}</script>',
        ),
        document("Oak", "<p>Oak.</p>"),
        "",
        "plain text",
    ],
    ids=[
        "about 404", "reference of 404", "manual of login", "film", "about captchas", "login in the header",
        "cookie policy", "contact form", "words beside the application", "picture", "data", "short", "empty",
        "text",
    ],
)  # fmt: skip
def test_content_is_no_barrier(html: str) -> None:
    assert look(html) is None


def test_what_was_asked_for_is_no_barrier() -> None:
    login = WALLS["login by redirect"]
    assert look(login.html, "https://shop.test/login", requested="https://shop.test/login") is None
    soft_404 = WALLS["soft 404 in a frame"]
    assert look(soft_404.html, "https://shop.test/404", requested="https://shop.test/404") is None


@pytest.mark.parametrize(
    "asked", ["https://shop.test/index.html", "https://shop.test/de/", "https://shop.test/home"]
)
def test_a_front_page_may_move_to_the_root(asked: str) -> None:
    assert look(document("Shop", LINKS + PROSE), "https://shop.test/", requested=asked) is None


def test_other_formats_are_never_barriers() -> None:
    assert look('{"title": "Just a moment..."}', content_type="application/json") is None


def test_a_status_that_says_so_itself_is_not_said_again() -> None:
    page = Page(ASKED, WALLS["soft 404 in a frame"].html.encode(), "text/html")
    assert find_barrier(page, requested_url=ASKED, status=404) is None


def test_no_saved_page_of_content_is_taken_for_a_barrier() -> None:
    taken = {}
    for name, body, url in saved_pages():
        found = find_barrier(Page(url, body, "text/html"), requested_url=url, status=200)
        if found is not None:
            taken[name] = found.kind
    assert taken == TRUE_WALLS


def test_no_page_of_pythons_documentation_is_taken_for_a_barrier() -> None:
    for file in python_docs():
        url = f"https://docs.test/{file.name}"
        assert find_barrier(Page(url, file.read_bytes(), "text/html"), requested_url=url, status=200) is None


def test_a_page_that_nests_without_end_is_no_barrier_and_ends_soon() -> None:
    assert look(document("Just a moment...", "<div>" * 150_000)) is None
