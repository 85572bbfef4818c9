"""Against httpbin under gunicorn, which closes every connection after its answer."""

import base64
from pathlib import Path

import orjson
import pytest

from webdata_assets_tests.crawl.harness import START, USER_AGENT, outcomes
from webdata_assets_tests.crawl.transports import HttpWay
from webdata_assets_tests.real_sites.httpbin import Httpbin
from webdata_assets_tests.real_sites.visiting import Visiting, said


@pytest.fixture
def visiting(httpbin: Httpbin, way: HttpWay, tmp_path: Path) -> Visiting:
    return Visiting(httpbin, way, tmp_path / "spool")


@pytest.mark.parametrize(
    ("code", "outcome", "attempts", "domain"),
    [
        (200, "fetched", 1, None),
        (403, "failed", 1, "access"),
        (404, "gone", 1, None),
        (410, "gone", 1, None),
        (418, "failed", 1, "target"),
        (429, "failed", 3, "target"),
        (500, "failed", 3, "target"),
        (503, "failed", 3, "target"),
    ],
)
def test_a_status_has_its_outcome(
    visiting: Visiting, code: int, outcome: str, attempts: int, domain: str | None
) -> None:
    row = visiting.row(f"status/{code}")
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == (outcome, attempts, domain)
    assert visiting.saw_statuses(attempts) == [code] * attempts


@pytest.mark.parametrize("kind", ["redirect", "absolute-redirect", "relative-redirect"])
def test_redirects_are_followed_hop_by_hop(visiting: Visiting, kind: str) -> None:
    row = visiting.row(f"{kind}/5")
    assert said(row) == ("fetched", 1, 200, None)
    assert row["final_url"] == f"{START}get"
    assert visiting.saw_statuses(6) == [302, 302, 302, 302, 302, 200]


def test_more_than_ten_redirects_are_too_many(visiting: Visiting) -> None:
    row = visiting.row("redirect/12")
    assert (row["outcome"], row["attempts"], row["reason"]) == ("failed", 1, "more than 10 redirects")
    assert visiting.saw_statuses(11) == [302] * 11


def test_a_redirect_elsewhere_is_not_followed(visiting: Visiting) -> None:
    row = visiting.row("redirect-to?url=http%3A%2F%2Felsewhere.test%2F")
    assert (row["outcome"], row["reason"]) == ("skipped", "leads out of scope, to elsewhere.test")
    assert len(visiting.saw()) == 1


def test_a_late_answer_times_out(visiting: Visiting) -> None:
    row = visiting.row("delay/1", timeout_seconds=0.3, max_attempts=2)
    assert said(row) == ("failed", 2, None, "target")
    assert visiting.saw_targets(2) == ["/delay/1"] * 2


def test_a_slow_drip_times_out(visiting: Visiting) -> None:
    row = visiting.row("drip?numbytes=10&duration=3&delay=0", timeout_seconds=0.5, max_attempts=1)
    assert said(row) == ("failed", 1, None, "target")
    assert len(visiting.saw()) == 1


def test_a_chunked_body_is_whole(visiting: Visiting) -> None:
    row = visiting.row("stream-bytes/100000?seed=1&chunk_size=999")
    assert said(row) == ("fetched", 1, 200, None)
    assert row["payload_bytes"] == 100_000


def test_a_body_over_the_cap_is_refused(visiting: Visiting) -> None:
    row = visiting.row("stream-bytes/100000?seed=1", max_body_bytes=50_000)
    assert said(row)[:2] == ("failed", 1)
    assert row["failure_domain"] == "resource"
    assert len(visiting.saw()) == 1


def test_equal_bytes_without_validators_are_unchanged(visiting: Visiting) -> None:
    first, second = visiting.two_days("bytes/2000?seed=7")
    assert (first["outcome"], second["outcome"]) == ("fetched", "unchanged")
    assert visiting.saw_statuses(2) == [200, 200]


def test_other_bytes_are_fetched_anew(visiting: Visiting) -> None:
    assert [row["outcome"] for row in visiting.two_days("uuid")] == ["fetched", "fetched"]


def test_an_etag_is_sent_back(visiting: Visiting) -> None:
    first, second = visiting.two_days("etag/version-1")
    assert (first["outcome"], second["outcome"]) == ("fetched", "unchanged")
    assert visiting.saw_statuses(2) == [200, 304]


def test_last_modified_is_sent_back(visiting: Visiting) -> None:
    first, second = visiting.two_days("cache")
    assert (first["outcome"], second["outcome"]) == ("fetched", "unchanged")
    assert visiting.saw_statuses(2) == [200, 304]


@pytest.mark.parametrize(("path", "key"), [("gzip", "gzipped"), ("deflate", "deflated")])
def test_a_compressed_body_is_unpacked(visiting: Visiting, path: str, key: str) -> None:
    row = visiting.row(path)
    assert said(row) == ("fetched", 1, 200, None)
    assert orjson.loads(row["payload"])[key] is True


def test_brotli_that_nobody_asked_for_is_refused(visiting: Visiting) -> None:
    row = visiting.row("brotli")
    assert (row["outcome"], row["attempts"], row["failure_domain"]) == ("failed", 1, "target")
    assert len(visiting.saw()) == 1


def test_only_what_the_source_says_is_sent(visiting: Visiting) -> None:
    headers = orjson.loads(visiting.row("headers")["payload"])["headers"]
    assert headers == {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Host": "site.test",
        "User-Agent": USER_AGENT,
    }


def test_cookies_are_not_kept(visiting: Visiting) -> None:
    row = visiting.row("cookies/set/session/secret")
    assert (row["outcome"], row["final_url"]) == ("fetched", f"{START}cookies")
    assert orjson.loads(row["payload"]) == {"cookies": {}}


def test_a_login_that_is_asked_for_is_a_matter_of_access(visiting: Visiting) -> None:
    assert said(visiting.row("basic-auth/reader/s3cret")) == ("failed", 1, 401, "access")


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("basic-auth/reader/s3cret", f"Basic {base64.b64encode(b'reader:s3cret').decode()}"),
        ("bearer", "Bearer s3cret"),
    ],
)
def test_credentials_from_the_environment_are_sent(
    visiting: Visiting, monkeypatch: pytest.MonkeyPatch, path: str, header: str
) -> None:
    monkeypatch.setenv("HTTPBIN_LOGIN", header)
    row = visiting.row(path, headers={"Authorization": "${HTTPBIN_LOGIN}"})
    assert said(row) == ("fetched", 1, 200, None)
    assert orjson.loads(row["payload"])["authenticated"] is True


def test_its_robots_txt_is_obeyed(visiting: Visiting) -> None:
    row = visiting.row("deny")
    assert (row["outcome"], row["attempts"], row["reason"]) == ("skipped", 0, "robots.txt forbids it")
    assert visiting.saw(0) == []


def test_links_are_followed_to_their_end(visiting: Visiting) -> None:
    result = visiting.crawl({"by": "links", "start": [f"{START}links/8/0"]})
    assert outcomes(result) == {f"/links/8/{number}": "fetched" for number in range(8)}
    assert sorted(visiting.saw_targets(8)) == sorted(outcomes(result))


def test_an_image_is_a_page_with_its_exact_bytes(visiting: Visiting) -> None:
    row = visiting.row("image/png")
    assert (row["outcome"], row["content_type"]) == ("fetched", "image/png")
    assert row["payload"].startswith(b"\x89PNG\r\n")
