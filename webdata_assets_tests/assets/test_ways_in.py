"""Ways in through the whole of a partition's run: what they bring becomes admitted records."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.pages import PAGES
from webdata_assets.schemas.records import RECORDS
from webdata_assets_tests.assets.stored_pages import EXTRACTED, FETCHED, run_layers
from webdata_assets_tests.crawl.archives import page as capture
from webdata_assets_tests.crawl.archives import warc_bytes
from webdata_assets_tests.crawl.proxy_servers import HttpProxy
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer

DATE = "2026-06-02"
PARTITION = Partition.from_key(f"{DATE}|one")
TO_RECORDS = (*FETCHED, *EXTRACTED)
HOST = "site.test"
START = f"http://{HOST}/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
ARTICLE = "<title>Title {0}</title><article><h1>Title {0}</h1><p>" + "Some words of article {0}. " * 20


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def one(deployment: Deployment, site: FaultServer) -> Deployment:
    """A deployment whose source is named `one` and whose clock stands at noon of the date."""
    deployment.connect_to = {HOST: site.address}
    deployment.now = f"{DATE}T12:00:00+00:00"
    return deployment


def declare(deployment: Deployment, fetch: dict[str, Any], **values: Any) -> None:
    plain = {"requests_per_second": 1000, "max_attempts": 2, "timeout_seconds": 5}
    source = {"name": "one", "description": "A test", "start": "2026-06-01", "allow_private": True}
    deployment.write_source(source | {"fetch": plain | fetch, "extract": {"kind": "document"}} | values)


def crawl(deployment: Deployment, date: str = DATE, layers: tuple[str, ...] = FETCHED) -> bool:
    outcome = run_layers(deployment, Partition.from_key(f"{date}|one"), layers)
    assert outcome.success or not outcome.failed_checks, outcome
    return outcome.success


def stored(deployment: Deployment, table: Any = PAGES, date: str = DATE) -> pl.DataFrame:
    return deployment.store.read_admitted(table, Partition.from_key(f"{date}|one"))


def test_an_archive_is_run_date_by_date(one: Deployment) -> None:
    one.sources.mkdir(parents=True)
    first = [capture(n, body=ARTICLE.format(n).encode(), date="2026-06-01T09:00:00Z") for n in (1, 2)]
    second = capture(3, body=ARTICLE.format(3).encode(), date="2026-06-02T09:00:00Z")
    (one.sources / "a.warc.gz").write_bytes(warc_bytes([*first, second]))
    declare(one, {"via": "warc", "discover": [{"by": "warc", "path": "a.warc.gz"}]})
    one.now = "2026-09-01T00:00:00+00:00"
    assert crawl(one, "2026-06-01", TO_RECORDS)
    assert crawl(one, "2026-06-02", TO_RECORDS)
    assert stored(one, date="2026-06-01")["via"].unique().to_list() == ["warc"]
    assert sorted(stored(one, RECORDS, "2026-06-01")["title"]) == ["Title 1", "Title 2"]
    assert sorted(stored(one, RECORDS, "2026-06-02")["title"]) == ["Title 3"]


def test_a_folder_is_read_again_only_where_it_changed(one: Deployment) -> None:
    folder = one.sources / "pages"
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / f"{number}.html").write_text(ARTICLE.format(number))
    rule = {"by": "files", "path": "pages", "base_url": "https://docs.example.com/"}
    declare(one, {"via": "files", "discover": [rule]})
    assert crawl(one)
    assert stored(one)["url"].to_list() == [f"https://docs.example.com/{n}.html" for n in (1, 2)]
    (folder / "1.html").unlink()
    one.now = "2026-06-03T12:00:00+00:00"
    assert crawl(one, "2026-06-03")
    assert stored(one, date="2026-06-03")["outcome"].to_list() == ["gone", "unchanged"]


def test_a_paused_partition_goes_on_downstream_and_is_gone_on_with(
    one: Deployment, site: FaultServer
) -> None:
    paths = [f"p{number:02}" for number in range(12)]
    for number, path in enumerate(paths):
        site.add(f"/{path}", page(ARTICLE.format(path)) if number < 6 else status(503))
    breaker = {"min_requests": 3, "window_seconds": 3600, "probe_seconds": 0.2, "max_wait_seconds": 0.5}
    discover = [{"by": "urls", "start": [START + path for path in paths]}]
    declare(one, {"discover": discover, "concurrency": 1, "breaker": breaker, "max_attempts": 9})
    assert crawl(one, layers=TO_RECORDS)
    counts = dict(stored(one).group_by("outcome").len().iter_rows())
    assert counts["fetched"] >= 6
    assert counts["deferred"] >= 5
    assert stored(one, RECORDS).height == counts["fetched"]
    for path in paths[6:]:
        site.add(f"/{path}", page(ARTICLE.format(path)))
    site.log.clear()
    one.now = f"{DATE}T13:00:00+00:00"
    [request] = one.tick("recrawl_sensor").run_requests or []
    assert (request.job_name, request.partition_key) == ("crawl", PARTITION.key)
    assert run_layers(one, PARTITION, TO_RECORDS, tags=request.tags).success
    assert stored(one)["outcome"].to_list() == ["fetched"] * 12
    assert stored(one, RECORDS).height == 12
    assert len(site.targets()) == counts["deferred"]


def test_no_crawl_starts_on_a_cold_pool_of_proxies(one: Deployment, site: FaultServer) -> None:
    site.add("/a", page(ARTICLE.format("a")))
    proxies = {"pool": ["http://user:secret@127.0.0.1:1"], "max_wait_seconds": 0}
    declare(one, {"discover": [{"by": "urls", "start": [START + "a"]}], "proxies": proxies})
    outcome = run_layers(one, PARTITION, FETCHED)
    assert outcome.failed_checks == ("frontier.proxies_healthy",)
    assert site.log == []
    [verdict] = one.store.ledger.newest_verdicts(FRONTIER, "proxies_healthy").iter_rows(named=True)
    assert (verdict["value"], verdict["threshold"]) == (0, 1)
    assert "secret" not in verdict["detail"]


def test_a_healthy_proxy_brings_the_pages(one: Deployment, site: FaultServer) -> None:
    site.add("/a", page(ARTICLE.format("a")))
    with HttpProxy({site.address: site.address}) as proxy:
        pool = {"pool": [f"http://127.0.0.1:{proxy.port}"], "check_url": f"{site.origin}/a"}
        declare(one, {"discover": [{"by": "urls", "start": [f"{site.origin}/a"]}], "proxies": pool})
        assert crawl(one)
    assert stored(one)["outcome"].to_list() == ["fetched"]


def test_binaries_are_kept_once_and_make_no_records(one: Deployment, site: FaultServer) -> None:
    anchors = "".join(f'<a href="/{path}">{path}</a>' for path in ("article", "one.png", "two.png"))
    site.add("/", page(ARTICLE.format("home") + anchors))
    site.add("/article", page(ARTICLE.format("a")))
    for name in ("one", "two"):
        site.add(f"/{name}.png", page(PNG, content_type="image/png"))
    declare(one, {"discover": [{"by": "links", "start": [START]}]})
    assert crawl(one, layers=TO_RECORDS)
    assert stored(one, RECORDS).height == 2
    pages = stored(one)
    pictures = pages.filter(pl.col("content_type") == "image/png")
    assert pictures["outcome"].to_list() == ["fetched", "fetched"]
    assert pictures["payload"].null_count() == 2
    [digest] = pictures["payload_hash"].unique()
    assert one.store.blobs.get(digest) == PNG
    assert [path.name for path in Path(one.store.blobs.folder).glob("??/*")] == [digest]


def test_a_dead_letter_that_may_pass_is_asked_again_with_the_next_partition(
    one: Deployment, site: FaultServer
) -> None:
    site.add("/", page('<a class="i" href="/a">a</a><a class="i" href="/b">b</a>'))
    site.add("/a", page(ARTICLE.format("a")))
    site.add("/b", status(500))
    rule = {"by": "feed", "start": [START + "feed"]}
    feed = "".join(f"<item><title>{n}</title><link>{START}{n}</link></item>" for n in "ab")
    site.add("/feed", page(f"<rss version='2.0'><channel>{feed}</channel></rss>", content_type="text/xml"))
    declare(one, {"discover": [rule]}, expect={"fetched": 0.5})
    assert crawl(one)
    site.add(
        "/feed", page("<rss version='2.0'><channel><title>t</title></channel></rss>", content_type="text/xml")
    )
    site.add("/b", page(ARTICLE.format("b")))
    one.now = "2026-06-03T12:00:00+00:00"
    assert crawl(one, "2026-06-03")
    again = stored(one, date="2026-06-03").filter(pl.col("url") == START + "b")
    assert again.select("why", "outcome").rows() == [("retry", "fetched")]
