"""Ways to fall back to: when they are taken, and what the rows say of it."""

from dataclasses import dataclass, field

import pytest

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.crawl.harness import Crawling, outcomes, source_of, urls
from webdata_assets_tests.site.answers import page, status

LOGIN = '<title>Log in</title><form action="/login"><input name="user"><input type="password"></form>'
SHELL = (
    "<body><noscript>Enable JavaScript to run this app.</noscript>"
    '<div id="root"></div><script src="a.js"></script>'
)


@dataclass
class Careful:
    """A way that always gets through, and remembers what it was asked for."""

    name: str = "browser"
    asked: list[str] = field(default_factory=list)
    failures: int = 0

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request.url)
        if len(self.asked) <= self.failures:
            raise TransientError("no whole page", failure_domain=FailureDomain.TARGET)
        return Response(request.url, 200, {"content-type": "text/html"}, b"<p>The whole text.</p>", 1)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("answer", [status(403), status(401), page(LOGIN), page(SHELL)])
def test_a_refusal_or_an_empty_page_is_tried_by_the_next_way(crawling: Crawling, answer: object) -> None:
    crawling.site.add("/a", answer)  # type: ignore[arg-type]
    careful = Careful()
    result = crawling.run(source_of(urls("a"), fallback=["browser"]), fallback=[careful])
    row = crawling.page(result, "a")
    assert (row["outcome"], row["via"], row["attempts"]) == ("fetched", "browser", 1)
    assert crawling.site.count("/a") == 1


def test_a_page_that_comes_is_not_tried_by_the_next_way(crawling: Crawling) -> None:
    crawling.site.add("/a", page("<p>All of it.</p>"))
    careful = Careful()
    result = crawling.run(source_of(urls("a", "b"), fallback=["browser"]), fallback=[careful])
    assert crawling.page(result, "a")["via"] == "http"
    assert outcomes(result)["/b"] == "gone"
    assert careful.asked == []


def test_the_next_try_stays_with_the_way_that_was_reached(crawling: Crawling) -> None:
    crawling.site.add("/a", status(403))
    careful = Careful(failures=1)
    result = crawling.run(source_of(urls("a"), fallback=["browser"]), fallback=[careful])
    assert crawling.page(result, "a")["attempts"] == 2
    assert crawling.site.count("/a") == 1
    assert len(careful.asked) == 2


def test_without_a_further_way_a_login_page_fails_and_an_empty_one_is_kept(crawling: Crawling) -> None:
    crawling.site.add("/report", page(LOGIN))
    crawling.site.add("/shell", page(SHELL))
    result = crawling.run(source_of(urls("report", "shell")))
    assert outcomes(result) == {"/report": "failed", "/shell": "fetched"}
    assert crawling.page(result, "report")["failure_domain"] == "access"
