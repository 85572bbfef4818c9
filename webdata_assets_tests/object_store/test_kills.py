"""Kills while the spool lies in an object store: of the crawling process, and of the S3 server."""

import datetime as dt
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.crawl.object_spool import ObjectSpool
from webdata_assets.stages.crawl.result import CrawlResult
from webdata_assets.stages.objects import Objects
from webdata_assets.store import Store
from webdata_assets_tests.crawl.harness import Crawling, hashed
from webdata_assets_tests.crawl.killable import CONCURRENCY, big_site
from webdata_assets_tests.crawl.test_resume import PAGES, build_big_site
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.servers.s3 import S3Place, S3Server
from webdata_assets_tests.store.rows import frame, put, row

OUTAGE_SECONDS = 6.0


def wait_for(crawling: Crawling, requests: int) -> None:
    deadline = time.monotonic() + 60
    while len(crawling.site.targets()) < requests and time.monotonic() < deadline:
        time.sleep(0.002)


@pytest.mark.parametrize("kill_after", [pytest.param(1, marks=pytest.mark.soak), 60])
def test_a_killed_crawl_is_finished_by_another_machine(
    crawling: Crawling, s3_server: S3Place, tmp_path: Path, kill_after: int
) -> None:
    build_big_site(crawling)
    undisturbed = crawling.run(big_site())
    crawling.site.log.clear()

    module = "webdata_assets_tests.object_store.killable"
    command = [sys.executable, "-m", module, crawling.site.address, s3_server.uri, str(tmp_path / "one")]
    process = subprocess.Popen(command, cwd=REPOSITORY)
    wait_for(crawling, kill_after)
    process.kill()
    process.wait()

    before = len(crawling.site.targets())
    assert kill_after <= before < PAGES
    objects = Objects(s3_server.uri, s3_server.options)
    crawling.spool = ObjectSpool(objects, tmp_path / "other")
    resumed = crawling.run(big_site(), keep_spool=True)
    assert hashed(resumed.pages).equals(hashed(undisturbed.pages))
    assert resumed.pages["payload"].equals(undisturbed.pages["payload"])
    fetched_twice = len(crawling.site.targets()) - PAGES
    assert 0 <= fetched_twice <= CONCURRENCY
    assert resumed.resumed == before - fetched_twice
    crawling.spool.drop()
    assert list(objects.list()) == []


def test_a_crawl_outlives_the_end_and_the_restart_of_its_s3_server(
    crawling: Crawling, tmp_path: Path
) -> None:
    build_big_site(crawling)
    server = S3Server(tmp_path / "s3")
    server.start()
    try:
        objects = Objects("s3://webdata/spool", server.environment)
        crawling.spool = ObjectSpool(objects, tmp_path / "scratch")
        results: list[CrawlResult] = []
        thread = threading.Thread(target=lambda: results.append(crawling.run(big_site(), keep_spool=True)))
        thread.start()
        wait_for(crawling, PAGES // 3)
        server.kill()
        asked = len(crawling.site.targets())
        server.start()
        thread.join(120)
        assert PAGES // 3 <= asked < PAGES
        assert set(Counter(crawling.site.targets()).values()) == {1}
        [result] = results
        assert result.counts == {"fetched": PAGES}
        whole = ObjectSpool(objects, tmp_path / "other")
        assert sum(1 for _ in whole.entries()) == PAGES
    finally:
        server.kill()


@pytest.mark.soak
def test_tables_and_index_are_used_over_an_outage_of_their_s3_server(tmp_path: Path) -> None:
    server, frontier = S3Server(tmp_path / "s3"), TABLES["frontier"]
    server.start()
    store = Store.open("s3://webdata/outage", options=server.environment, cache=tmp_path / "cache")
    partitions = [Partition(dt.date(2026, 6, day), "site") for day in (1, 2)]
    write(store, partitions[0])
    for action in (
        lambda: store.tables.scan_partition(frontier, partitions[0]).collect(),
        lambda: write(store, partitions[1]),
        lambda: store.index().at().rows(["chunk_id"]),
    ):
        server.kill()
        # longer than the clients' own ten tries
        restart = threading.Timer(OUTAGE_SECONDS, server.start)
        restart.start()
        try:
            action()
        finally:
            restart.join()
    assert store.tables.scan(frontier).collect().height == len(partitions)
    server.kill()


def write(store: Store, partition: Partition) -> None:
    put(store, "frontier", frame("frontier", row("frontier", partition, 0)), partition)
