"""The demo as a server: hosts, dates, conditional requests, incidents, the log."""

import datetime as dt
import http.client
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from webdata_assets.demo.calendar import FIRST_DAY, LAST_DAY
from webdata_assets.demo.posts import broken_paths, posts_on
from webdata_assets.demo.products import products_on
from webdata_assets.demo.server import SITES, DemoSite
from webdata_assets_tests.demo.conftest import Ask

OUTAGE_DAY, BURST_DAY, LAYOUT_DAY = dt.date(2026, 6, 2), dt.date(2026, 6, 3), dt.date(2026, 6, 5)


def test_every_host_is_served_on_loopback(site: DemoSite, ask: Ask) -> None:
    assert site.connect_to == dict.fromkeys(SITES, f"127.0.0.1:{site.port}")
    assert {ask(host, "/robots.txt").status for host in SITES} == {200}


def test_a_host_header_may_carry_a_port_or_end_in_localhost(ask: Ask) -> None:
    assert ask("shop.demo.test:8765", "/products", FIRST_DAY).status == 200
    assert ask("shop.localhost:8765", "/products", FIRST_DAY).status == 200


def test_an_unknown_host_is_misdirected(ask: Ask) -> None:
    answer = ask("example.com", "/")
    assert answer.status == 421
    assert b"shop.demo.test" in answer.body


def test_without_a_date_today_is_served(ask: Ask) -> None:
    today = max(dt.datetime.now(dt.UTC).date(), FIRST_DAY)
    assert ask("blog.demo.test", "/sitemap.xml").body == ask("blog.demo.test", "/sitemap.xml", today).body


def test_the_api_takes_the_date_as_a_parameter(ask: Ask) -> None:
    first = json.loads(ask("api.demo.test", "/v1/reviews?limit=50&as_of=2026-06-01").body)
    last = json.loads(ask("api.demo.test", "/v1/reviews?limit=50&as_of=2026-06-07").body)
    assert (len(first["items"]), len(last["items"])) == (30, 48)


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", ""])
def test_a_date_that_cannot_be_read_is_refused(ask: Ask, date: str) -> None:
    assert ask("shop.demo.test", "/products", date).status == 400


def test_an_unchanged_product_is_304_across_dates(ask: Ask) -> None:
    before = {product.path: product for product in products_on(FIRST_DAY)}
    after = {product.path: product for product in products_on(LAST_DAY)}
    same = next(path for path in before if before[path] == after.get(path))
    changed = next(path for path in before if path in after and before[path].price != after[path].price)
    for path, status in ((same, 304), (changed, 200)):
        etag = ask("shop.demo.test", path, FIRST_DAY).headers["etag"]
        answer = ask("shop.demo.test", path, LAST_DAY, If_None_Match=etag)
        assert answer.status == status
        assert (answer.body == b"") == (status == 304)


def test_the_layout_change_is_no_304(ask: Ask) -> None:
    path = products_on(LAYOUT_DAY)[-1].path
    etag = ask("shop.demo.test", path, dt.date(2026, 6, 4)).headers["etag"]
    assert ask("shop.demo.test", path, LAYOUT_DAY, If_None_Match=etag).status == 200


def test_a_weak_or_listed_etag_matches(ask: Ask) -> None:
    path = posts_on(FIRST_DAY)[0].path
    etag = ask("blog.demo.test", path, FIRST_DAY).headers["etag"]
    answer = ask("blog.demo.test", path, FIRST_DAY, If_None_Match=f'"other", W/{etag}')
    assert answer.status == 304
    assert answer.headers["etag"] == etag


def test_a_post_is_304_since_its_last_modification(ask: Ask) -> None:
    path = posts_on(FIRST_DAY)[0].path
    modified = ask("blog.demo.test", path, FIRST_DAY).headers["last-modified"]
    assert ask("blog.demo.test", path, FIRST_DAY, If_Modified_Since=modified).status == 304
    earlier = "Mon, 05 Jan 2026 00:00:00 GMT"
    assert ask("blog.demo.test", path, FIRST_DAY, If_Modified_Since=earlier).status == 200
    assert ask("blog.demo.test", path, FIRST_DAY, If_Modified_Since="long ago").status == 200


def test_the_etag_outranks_the_date(ask: Ask) -> None:
    path = posts_on(FIRST_DAY)[0].path
    modified = ask("blog.demo.test", path, FIRST_DAY).headers["last-modified"]
    headers = {"If_None_Match": '"other"', "If_Modified_Since": modified}
    assert ask("blog.demo.test", path, FIRST_DAY, **headers).status == 200


def test_the_feed_and_the_sitemap_answer_conditional_requests(ask: Ask) -> None:
    for path in ("/feed.xml", "/sitemap.xml"):
        headers = ask("blog.demo.test", path, FIRST_DAY).headers
        again = {"If_None_Match": headers["etag"], "If_Modified_Since": headers["last-modified"]}
        assert ask("blog.demo.test", path, FIRST_DAY, **again).status == 304
        assert ask("blog.demo.test", path, dt.date(2026, 6, 2), **again).status == 200


def test_the_outage_refuses_each_listing_page_twice(ask: Ask) -> None:
    url = f"/v1/reviews?limit=10&as_of={OUTAGE_DAY}"
    first = [ask("api.demo.test", url) for _ in range(3)]
    assert [answer.status for answer in first] == [503, 503, 200]
    following = f"{url}&cursor={json.loads(first[-1].body)['next_cursor']}"
    assert [ask("api.demo.test", following).status for _ in range(3)] == [503, 503, 200]
    assert ask("api.demo.test", "/v1/reviews?limit=10&as_of=2026-06-01").status == 200
    assert ask("api.demo.test", f"/robots.txt?as_of={OUTAGE_DAY}").status == 200


def test_the_burst_refuses_the_first_five_requests_with_retry_after(ask: Ask) -> None:
    assert ask("shop.demo.test", "/robots.txt", BURST_DAY).status == 200
    paths = ["/products", *(product.path for product in products_on(BURST_DAY)[:6])]
    answers = [ask("shop.demo.test", path, BURST_DAY) for path in paths]
    assert [answer.status for answer in answers] == [429] * 5 + [200] * 2
    assert {answer.headers.get("retry-after") for answer in answers[:5]} == {"1"}
    assert ask("shop.demo.test", "/products", dt.date(2026, 6, 4)).status == 200


def test_one_post_is_broken_on_its_first_day_and_whole_the_next(ask: Ask) -> None:
    (path,) = broken_paths(BURST_DAY)
    assert [ask("blog.demo.test", path, BURST_DAY).status for _ in range(6)] == [503] * 6
    assert ask("blog.demo.test", path, dt.date(2026, 6, 2)).status == 404
    assert ask("blog.demo.test", path, dt.date(2026, 6, 4)).status == 200


def test_the_broken_post_is_less_than_five_percent_of_the_posts_of_its_day() -> None:
    (path,) = broken_paths(BURST_DAY)
    posts = [post.path for post in posts_on(BURST_DAY)]
    assert path in posts
    assert 1 / len(posts) < 0.05


def test_two_sites_count_their_incidents_apart(ask: Ask) -> None:
    assert ask("shop.demo.test", "/products", BURST_DAY).status == 429
    with DemoSite() as other:
        assert other.requests == ()


def test_every_request_is_logged(site: DemoSite, ask: Ask) -> None:
    ask("shop.demo.test", "/products?page=2", FIRST_DAY, User_Agent="a-test")
    ask("blog.demo.test", "/nothing", FIRST_DAY, If_None_Match='"x"')
    first, second = site.requests
    assert (first.sequence, first.host, first.path, first.as_of, first.status, first.user_agent) == (
        1, "shop.demo.test", "/products?page=2", "2026-06-01", 200, "a-test",
    )  # fmt: skip
    assert (second.sequence, second.status, first.conditional, second.conditional) == (2, 404, False, True)


def test_clearing_forgets_requests_and_not_incidents(site: DemoSite, ask: Ask) -> None:
    for _ in range(5):
        ask("shop.demo.test", "/products", BURST_DAY)
    site.clear()
    assert site.requests == ()
    assert ask("shop.demo.test", "/products", BURST_DAY).status == 200
    assert [visit.sequence for visit in site.requests] == [6]


def test_the_log_file_holds_one_json_object_per_request(tmp_path: Path) -> None:
    path = tmp_path / "visits.jsonl"
    with DemoSite(log_path=path) as site:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
        for method, status in (("HEAD", 200), ("POST", 405)):
            connection.request(method, "/", headers={"Host": "shop.demo.test"})
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["status"], line["path"]) for line in lines] == [(200, "/"), (405, "/")]


def test_the_site_stops_quickly_even_with_an_open_connection() -> None:
    with DemoSite() as site:
        idle = socket.create_connection(("127.0.0.1", site.port))
        idle.sendall(b"GET / HTTP/1.1\r\nHost: shop.demo.test\r\n\r\n")
        idle.recv(10)
        started = time.monotonic()
    assert time.monotonic() - started < 1
    assert not [thread for thread in threading.enumerate() if thread.name == "demo-site"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), timeout=1)
    idle.close()


def test_a_port_that_is_taken_is_an_error(site: DemoSite) -> None:
    with pytest.raises(OSError, match="address already in use"), DemoSite(site.port):
        pass
