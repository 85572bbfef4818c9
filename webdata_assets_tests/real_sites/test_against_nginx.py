"""Against nginx: real pages as they are, and every fault in nginx's own way."""

import base64
from pathlib import Path

import pytest

from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets_tests.crawl.harness import START
from webdata_assets_tests.crawl.transports import HttpWay
from webdata_assets_tests.real_sites import documentation
from webdata_assets_tests.real_sites.conftest import PAGE, PASSWORD, USER
from webdata_assets_tests.real_sites.nginx import Nginx
from webdata_assets_tests.real_sites.visiting import Visiting, said


@pytest.fixture
def visiting(faulty_nginx: Nginx, way: HttpWay, tmp_path: Path) -> Visiting:
    return Visiting(faulty_nginx, way, tmp_path / "spool")


@pytest.fixture
def reading(documentation_site: Nginx, way: HttpWay, tmp_path: Path) -> Visiting:
    return Visiting(documentation_site, way, tmp_path / "spool")


def test_real_pages_arrive_byte_for_byte_and_are_304_the_next_day(reading: Visiting) -> None:
    paths = documentation.page_paths()[::60]
    rule = {"by": "urls", "start": [START + path.removeprefix("/") for path in paths]}
    first = reading.crawl(rule, concurrency=8)
    bodies = dict(first.pages.select("url", "payload").iter_rows())
    for path in paths:
        prefix, folder = next(item for item in documentation.FOLDERS.items() if path.startswith(item[0]))
        assert bodies[START + path.removeprefix("/")] == (folder / path.removeprefix(prefix)).read_bytes()
    second = reading.crawl(rule, after=first, concurrency=8)
    assert set(second.pages["outcome"]) == {"unchanged"}
    assert set(second.pages["payload_date"]) == set(first.pages["date"])
    statuses = reading.saw_statuses(2 * len(paths))
    assert (statuses.count(200), statuses.count(304)) == (len(paths), len(paths))


@pytest.mark.parametrize("status", [429, 503])
def test_a_limit_of_requests_slows_the_crawl_until_every_page_is_there(
    visiting: Visiting, status: int
) -> None:
    pages = [f"{START}limited-{status}/page.html?n={number}" for number in range(3)]
    result = visiting.crawl(
        {"by": "urls", "start": pages}, clock=SystemClock(), concurrency=2, max_attempts=12, robots="ignore"
    )
    assert dict(result.counts) == {"fetched": 3}
    attempts = int(result.pages["attempts"].sum())
    assert attempts > 3
    statuses = visiting.saw_statuses(attempts)
    assert (statuses.count(200), statuses.count(status)) == (3, attempts - 3)


def test_a_connection_that_is_closed_without_an_answer_is_tried_three_times(visiting: Visiting) -> None:
    assert said(visiting.row("dropped")) == ("failed", 3, None, "target")
    assert visiting.saw_statuses(3) == [444, 444, 444]


def test_a_page_that_comes_too_slowly_times_out(visiting: Visiting) -> None:
    row = visiting.row("slow/page.html", timeout_seconds=0.4, max_attempts=2)
    assert said(row) == ("failed", 2, None, "target")
    assert row["reason"] == "no whole answer within 0.4 s"
    assert visiting.saw_targets(2) == ["/slow/page.html"] * 2


def test_a_compressed_page_is_stored_as_it_was_before(visiting: Visiting) -> None:
    first, second = visiting.two_days("gzip/page.html")
    assert said(first) == ("fetched", 1, 200, None)
    assert first["payload"] == PAGE.encode()
    assert first["etag"].startswith('W/"')
    assert said(second) == ("unchanged", 1, 304, None)
    assert visiting.saw_statuses(2) == [200, 304]


def test_a_redirect_loop_ends(visiting: Visiting) -> None:
    row = visiting.row("loop")
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert visiting.saw_targets(11) == ["/loop"] * 11


def test_a_loop_over_two_pages_ends(visiting: Visiting) -> None:
    row = visiting.row("ping")
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert visiting.saw_targets(11) == ["/ping", "/pong"] * 5 + ["/ping"]


def test_two_lengths_of_one_body_are_no_answer(visiting: Visiting) -> None:
    assert said(visiting.row("two-lengths"))[:2] == ("failed", 3)
    assert visiting.saw_statuses(3) == [200, 200, 200]


def test_a_closed_page_is_asked_for_once(visiting: Visiting) -> None:
    assert said(visiting.row("closed/page.html")) == ("failed", 1, 401, "access")
    assert visiting.saw_statuses() == [401]


def test_credentials_open_a_closed_page(visiting: Visiting, monkeypatch: pytest.MonkeyPatch) -> None:
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    monkeypatch.setenv("NGINX_LOGIN", token)
    row = visiting.row("closed/page.html", headers={"Authorization": "Basic ${NGINX_LOGIN}"})
    assert said(row) == ("fetched", 1, 200, None)
    assert visiting.saw_statuses() == [200]


def test_retry_after_is_waited_for_each_time(visiting: Visiting) -> None:
    assert said(visiting.row("unavailable", robots="ignore")) == ("failed", 3, 503, "target")
    assert visiting.saw_statuses(3) == [503, 503, 503]
    assert sum(visiting.slept) >= 2


def test_a_relative_redirect_is_followed(visiting: Visiting) -> None:
    row = visiting.row("moved-here")
    assert said(row) == ("fetched", 1, 200, None)
    assert row["final_url"] == f"{START}plain/page.html"
    assert visiting.saw_targets(2) == ["/moved-here", "/plain/page.html"]


def test_a_redirect_to_the_servers_own_port_leaves_the_scope(visiting: Visiting) -> None:
    row = visiting.row("moved-with-port")
    assert (row["outcome"], row["attempts"]) == ("skipped", 1)
    assert row["reason"].startswith("leads out of scope")
    assert visiting.saw_targets() == ["/moved-with-port"]


def test_a_refusal_is_asked_for_once(visiting: Visiting) -> None:
    assert said(visiting.row("teapot")) == ("failed", 1, 418, "target")
    assert visiting.saw_statuses() == [418]
