"""Against the mock server that Scrapy tests itself with."""

from pathlib import Path
from urllib.parse import quote

import orjson
import pytest

from webdata_assets_tests.crawl.harness import START, outcomes
from webdata_assets_tests.crawl.transports import HttpWay
from webdata_assets_tests.real_sites.scrapy_mockserver import ScrapyMockServer
from webdata_assets_tests.real_sites.visiting import Visiting, said


@pytest.fixture
def visiting(mockserver: ScrapyMockServer, way: HttpWay, tmp_path: Path) -> Visiting:
    return Visiting(mockserver, way, tmp_path / "spool")


def failed_three_times(visiting: Visiting, path: str) -> bool:
    row = visiting.row(path, timeout_seconds=0.4, robots="ignore")
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 3, "target")
    return visiting.saw_targets(3) == [f"/{path}"] * 3


@pytest.mark.parametrize("abort", [0, 1], ids=["closed", "reset"])
def test_a_connection_dropped_in_the_body_is_tried_three_times(visiting: Visiting, abort: int) -> None:
    assert failed_three_times(visiting, f"drop?abort={abort}")


@pytest.mark.parametrize("path", ["broken", "broken-chunked", "partial"])
def test_a_body_that_is_not_whole_is_tried_three_times(visiting: Visiting, path: str) -> None:
    assert failed_three_times(visiting, path)


@pytest.mark.parametrize("raw", ["HTTP 1.1 200 OK\n", "no http at all", "HTTP/1.1 200 OK\r\nContent-Le"])
def test_what_is_not_http_is_tried_three_times(visiting: Visiting, raw: str) -> None:
    assert failed_three_times(visiting, f"raw?raw={quote(raw)}")


@pytest.mark.parametrize("path", ["wait", "hang-after-headers"])
def test_silence_times_out(visiting: Visiting, path: str) -> None:
    row = visiting.row(path, timeout_seconds=0.3, max_attempts=2, robots="ignore")
    assert said(row)[:2] == ("failed", 2)
    assert row["reason"] == "no whole answer within 0.3 s"
    assert visiting.saw_targets(2) == [f"/{path}"] * 2


def test_a_late_answer_in_time_arrives(visiting: Visiting) -> None:
    row = visiting.row("delay?n=0.2", robots="ignore")
    assert said(row) == ("fetched", 1, 200, None)
    assert row["payload"] == b"Response delayed for 0.200 seconds\n"
    assert row["elapsed_ms"] >= 200


def test_a_chunked_body_is_whole(visiting: Visiting) -> None:
    assert visiting.row("chunked", robots="ignore")["payload"] == b"chunked content\n"


def test_a_large_chunked_body_meets_the_cap(visiting: Visiting) -> None:
    whole = visiting.row("largechunkedfile", robots="ignore")
    assert (whole["outcome"], whole["payload_bytes"]) == ("fetched", 1_048_576)
    capped = visiting.row("largechunkedfile", robots="ignore", max_body_bytes=500_000)
    assert (capped["outcome"], capped["attempts"], capped["failure_domain"]) == ("failed", 1, "resource")


@pytest.mark.parametrize("code", [200, 404, 500])
def test_a_status_with_an_empty_body_has_its_outcome(visiting: Visiting, code: int) -> None:
    expected = {200: ("fetched", 1), 404: ("gone", 1), 500: ("failed", 3)}[code]
    row = visiting.row(f"status?n={code}", robots="ignore")
    assert (row["outcome"], row["attempts"]) == expected
    assert len(visiting.saw(expected[1])) == expected[1]


def test_a_redirect_is_followed(visiting: Visiting) -> None:
    row = visiting.row("redirect", robots="ignore")
    assert (row["outcome"], row["final_url"]) == ("fetched", f"{START}redirected")
    assert visiting.saw_targets(2) == ["/redirect", "/redirected"]


def test_a_header_line_without_a_colon_is_no_http(visiting: Visiting) -> None:
    assert failed_three_times(visiting, "bad-header")


def test_links_are_followed_each_once(visiting: Visiting) -> None:
    result = visiting.crawl(
        {"by": "links", "start": [f"{START}follow?total=10&show=2"], "max_depth": 20}, robots="ignore"
    )
    assert set(outcomes(result).values()) == {"fetched"}
    assert len(visiting.saw(result.pages.height)) == result.pages.height == 11


def test_real_pages_of_a_shop_are_followed(visiting: Visiting) -> None:
    allow = [rf"^{START}books/"]
    result = visiting.crawl(
        {"by": "links", "start": [f"{START}books/1/"], "allow": allow, "max_depth": 1}, robots="ignore"
    )
    found = outcomes(result)
    assert set(found.values()) == {"fetched"}
    assert sum("/catalogue/" in path for path in found) >= 20
    assert len(visiting.saw(len(found))) == len(found)


def test_the_server_sees_no_cookie_and_no_referer(visiting: Visiting) -> None:
    visiting.row("set-cookie?a=b", robots="ignore")
    seen = orjson.loads(visiting.row("echo", robots="ignore")["payload"])["headers"]
    assert set(seen) == {"Accept", "Accept-Encoding", "Host", "User-Agent"}
