"""Every status that a server can answer: the outcome, the attempts, and what the server saw."""

from pathlib import Path

import pytest

from webdata_assets_tests.crawl.harness import HOST, Crawling, source_of, urls
from webdata_assets_tests.crawl.transports import HttpWay, both_ways
from webdata_assets_tests.site.answers import page, raw, status
from webdata_assets_tests.site.server import FaultServer

pytestmark = both_ways

FOLLOWED = {301, 302, 303, 307, 308}
GONE = {404, 410}
AGAIN = {304, 408, 425, 429, *range(500, 600)}
ACCESS = {401, 402, 403, 407, 451}
ATTEMPTS = 2


def expected(code: int) -> tuple[str, int, int, str | None]:
    """Outcome, attempts, status and domain, written down beside RFC 9110 and not after the engine."""
    if code < 300:
        return "fetched", 1, code, None
    if code in GONE:
        return "gone", 1, code, None
    domain = "access" if code in ACCESS else "target"
    return "failed", ATTEMPTS if code in AGAIN else 1, code, domain


@pytest.mark.parametrize(
    "codes", [range(first, first + 18) for first in range(200, 596, 18)], ids=lambda codes: f"{codes[0]}"
)
def test_every_status_has_its_outcome(way: HttpWay, site: FaultServer, tmp_path: Path, codes: range) -> None:
    # few enough at once that a server of nothing but failures is not left alone
    chosen = [code for code in codes if code < 600]
    crawling = Crawling(site, tmp_path / "spool")
    for code in chosen:
        site.add(f"/{code}", status(code))
    result = crawling.run(
        source_of(
            urls(*map(str, chosen)),
            max_attempts=ATTEMPTS,
            robots="ignore",
            breaker={"min_requests": 100},
        ),
        transport=way(connect_to={HOST: site.address}),
    )
    for code in chosen:
        row = crawling.page(result, str(code))
        found = (row["outcome"], row["attempts"], row["http_status"], row["failure_domain"])
        assert found == expected(code), code
        assert site.count(f"/{code}") == expected(code)[1], code


@pytest.mark.parametrize("code", [100, 102, 103, 199])
def test_an_informational_answer_is_passed_over(way: HttpWay, crawling: Crawling, code: int) -> None:
    final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nfinal"
    crawling.site.add("/page", raw(b"HTTP/1.1 %d Wait\r\nX-Early: 1\r\n\r\n" % code + final))
    way_in = way(connect_to={HOST: crawling.site.address})
    row = crawling.page(crawling.run(source_of(urls("page")), transport=way_in), "page")
    assert (row["outcome"], row["attempts"], row["payload"]) == ("fetched", 1, b"final")
    assert crawling.site.count("/page") == 1


def test_a_switch_of_protocols_that_nobody_asked_for_fails(way: HttpWay, crawling: Crawling) -> None:
    crawling.site.add("/page", raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"))
    way_in = way(connect_to={HOST: crawling.site.address})
    row = crawling.page(crawling.run(source_of(urls("page"), timeout_seconds=1), transport=way_in), "page")
    assert (row["outcome"], row["failure_domain"]) == ("failed", "target")
    assert crawling.site.count("/page") == row["attempts"]


@pytest.mark.parametrize("line", ["HTTP/1.1 99 x", "HTTP/1.1 1000 x", "HTTP/1.1 abc x", "HTTP/9.9 200 OK"])
def test_a_status_line_that_is_none_fails(way: HttpWay, crawling: Crawling, line: str) -> None:
    crawling.site.add("/page", raw(line.encode() + b"\r\nContent-Length: 1\r\n\r\nx"))
    way_in = way(connect_to={HOST: crawling.site.address})
    row = crawling.page(crawling.run(source_of(urls("page")), transport=way_in), "page")
    assert (row["outcome"], row["http_status"], row["failure_domain"]) == ("failed", None, "target")
    assert crawling.site.count("/page") == row["attempts"]


def test_a_partial_answer_that_nobody_asked_for_is_a_page_like_any(way: HttpWay, crawling: Crawling) -> None:
    crawling.site.add("/page", page("a part", status=206, headers={"Content-Range": "bytes 0-5/900"}))
    way_in = way(connect_to={HOST: crawling.site.address})
    row = crawling.page(crawling.run(source_of(urls("page")), transport=way_in), "page")
    assert (row["outcome"], row["http_status"]) == ("fetched", 206)
