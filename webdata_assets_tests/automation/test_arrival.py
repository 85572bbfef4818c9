"""Data arrival: a date is crawled once its data is complete, what comes later is added, and nothing twice."""

import datetime as dt
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from webdata_assets.automation.alerts.lateness import late_causes
from webdata_assets.automation.jobs import CRAWL, CRAWLED
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sources.registry import load_sources
from webdata_assets.stages.objects import Objects
from webdata_assets_tests.automation.loaded import location_of, resources_of
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.servers.s3 import S3Place
from webdata_assets_tests.site.answers import page, status
from webdata_assets_tests.site.server import FaultServer

TODAY = dt.datetime.now(dt.UTC).date()
NOON = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
"""Where the deployment's clock begins: midnight passes while tests run, but not for them."""
KEY = f"{TODAY}|drop"
PAGES = ("frontier", "pages", "dead_letters")
RECORDS = (*PAGES, "records", "quarantine")
WORDS = "The tram line to the harbour opens in spring, and its stations were built by hand. "


def page_of(title: str) -> bytes:
    body = f"<h1>{title}</h1><article>" + f"<p>{title}. {WORDS * 4}</p>" * 3 + "</article>"
    return f"<!doctype html><html lang=en><title>{title}</title><body>{body}</body></html>".encode()


@dataclass
class Arrivals:
    """A deployment whose arrival sensor remembers, as under a daemon."""

    deployment: Deployment
    cursor: str | None = None
    now: dt.datetime = NOON

    def declare(self, path: str, *, arrival: dict[str, Any], **values: Any) -> None:
        rule = {"by": "files", "path": path, "base_url": "https://drop.test/", "pattern": "**/*"}
        self.deployment.write_source(
            {
                "name": "drop",
                "description": "Delivered by others",
                "start": str(TODAY - dt.timedelta(days=30)),
                "arrival": arrival,
                "fetch": {"via": "files", "discover": [rule], "revisit": False},
                "extract": {"kind": "article"},
                **values,
            }
        )

    def tick(self, *, after: float = 0) -> list[dg.RunRequest] | str:
        """Look once, that many seconds after the last look; return the requests, or why there are none."""
        self.now += dt.timedelta(seconds=after)
        self.deployment.now = self.now.isoformat()
        repository = location_of(self.deployment).get_repository_def()
        with dg.build_sensor_context(
            instance=self.deployment.instance,
            cursor=self.cursor,
            repository_def=repository,
            resources=resources_of(self.deployment),
        ) as context:
            data = repository.get_sensor_def("arrival_sensor").evaluate_tick(context)
        self.cursor = data.cursor
        return list(data.run_requests or []) or (data.skip_message or "")

    def answer(
        self, *, after: float = 0, success: bool = True, layers: Collection[str] = CRAWLED
    ) -> dg.ExecuteInProcessResult:
        """Look once and run the one request, as far as those layers go."""
        requests = self.tick(after=after)
        assert not isinstance(requests, str), requests
        [request] = requests
        result = (
            self.deployment.definitions()
            .resolve_job_def(request.job_name or "")
            .execute_in_process(
                instance=self.deployment.instance,
                partition_key=request.partition_key,
                tags={**request.tags, "dagster/run_key": request.run_key or ""},
                run_config=SILENT,
                raise_on_error=False,
                asset_selection=[dg.AssetKey(layer) for layer in layers],
            )
        )
        assert result.success is success
        return result

    def rows(self, table: str, partition: str = KEY) -> pl.DataFrame:
        return self.deployment.store.tables.read_partition(TABLES[table], Partition.from_key(partition))


@pytest.fixture
def arrivals(deployment: Deployment) -> Arrivals:
    return Arrivals(deployment)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def test_a_delivery_with_a_marker_is_crawled_once_it_is_there(arrivals: Arrivals, drop: Path) -> None:
    arrivals.declare(str(drop / "{date}"), arrival={"marker": "_SUCCESS"})
    assert arrivals.tick() == "nothing new has arrived"
    here = drop / str(TODAY)
    here.mkdir()
    (here / "one.html").write_bytes(page_of("One"))
    assert "1 files" in arrivals.tick()
    assert "without _SUCCESS" in arrivals.tick(after=600)
    (here / "_SUCCESS").touch()
    arrivals.answer()
    assert arrivals.rows("pages")["url"].to_list() == ["https://drop.test/one.html"]
    assert arrivals.rows("embeddings").height > 0
    assert arrivals.tick(after=600) == "nothing new has arrived"


def test_a_delivery_without_a_marker_waits_until_nothing_changes_any_more(
    arrivals: Arrivals, drop: Path
) -> None:
    arrivals.declare(str(drop), arrival={"settled_seconds": 60})
    (drop / "one.html").write_bytes(page_of("One")[:100])
    assert "not settled" in arrivals.tick()
    (drop / "one.html").write_bytes(page_of("One"))
    assert "not settled" in arrivals.tick(after=59)
    assert "not settled" in arrivals.tick(after=59)
    [request] = arrivals.tick(after=1)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == KEY
    assert request.job_name == CRAWL


def test_what_comes_later_is_added_and_nothing_is_read_or_embedded_twice(
    arrivals: Arrivals, drop: Path, tmp_path: Path
) -> None:
    arrivals.declare(str(drop), arrival={"settled_seconds": 0})
    for name in ("one", "two"):
        (drop / f"{name}.html").write_bytes(page_of(name))
    arrivals.answer()
    first = {name: arrivals.rows(name) for name in ("pages", "records", "embeddings")}
    assert arrivals.tick(after=1) == "nothing new has arrived"

    (drop / "one.html").unlink()
    (drop / "two.html").write_bytes(page_of("two, corrected"))
    (drop / "three.html").write_bytes(page_of("three"))
    arrivals.answer(after=1, layers=RECORDS)
    pages = arrivals.rows("pages")
    assert [Path(url).name for url in pages["url"]] == ["one.html", "three.html", "two.html"]
    fetched = dict(pages.select("url", "fetched_at").iter_rows())
    before = dict(first["pages"].select("url", "fetched_at").iter_rows())
    assert fetched["https://drop.test/one.html"] == before["https://drop.test/one.html"]
    assert fetched["https://drop.test/two.html"] > before["https://drop.test/two.html"]
    assert sorted(arrivals.rows("records")["title"]) == ["one", "three", "two, corrected"]

    (drop / "four.html").write_bytes(page_of("four"))
    arrivals.answer(after=1)
    log = [
        record.event_log_entry.user_message
        for record in arrivals.deployment.instance.get_records_for_run(
            arrivals.deployment.instance.get_runs(limit=1)[0].run_id
        ).records
    ]
    assert any("3 pages are as they were, 1 are read" in line for line in log)
    [newest, _] = _materialized(arrivals, "embeddings")
    assert newest.asset_materialization is not None
    told = newest.asset_materialization.metadata
    assert told["encoded"].value <= told["chunks"].value * 3 / 4

    # the same as if all had been there from the start
    whole = Arrivals(Deployment(tmp_path / "whole", dg.DagsterInstance.ephemeral(), {}))
    (whole.deployment.folder / "home").mkdir(parents=True)
    (whole.deployment.folder / "home" / "encoders").symlink_to(
        (arrivals.deployment.folder / "home" / "encoders").resolve()
    )
    (drop / "one.html").write_bytes(page_of("one"))
    whole.declare(str(drop), arrival={"settled_seconds": 0})
    whole.answer()
    for name in ("records", "embeddings"):
        unhashed = TABLES[name].unhashed
        assert whole.rows(name).drop(unhashed).equals(arrivals.rows(name).drop(unhashed)), name


def _materialized(arrivals: Arrivals, asset: str) -> list[dg.EventLogEntry]:
    found = arrivals.deployment.instance.fetch_materializations(dg.AssetKey(asset), limit=10)
    return [record.event_log_entry for record in found.records]


def test_a_run_that_died_before_it_stored_anything_is_repeated_within_its_budget(
    arrivals: Arrivals, drop: Path
) -> None:
    # Dagster stamps runs with the machine's clock
    arrivals.now = dt.datetime.now(dt.UTC)
    if (arrivals.now + dt.timedelta(minutes=20)).date() != TODAY:
        pytest.skip("the date changes before the last attempt")
    arrivals.declare(str(drop), arrival={"settled_seconds": 0})
    (drop / "one.html").write_bytes(page_of("One"))
    job = location_of(arrivals.deployment).resolve_job_def(CRAWL)
    keys = []
    for attempt in range(3):
        requests = arrivals.tick(after=240)
        assert not isinstance(requests, str), (attempt, requests)
        keys.append(requests[0].run_key)
        arrivals.deployment.instance.create_run_for_job(
            job, status=dg.DagsterRunStatus.FAILURE, tags=dict(requests[0].tags)
        )
    assert len(set(keys)) == 3
    assert "3 attempts in 24 hours are used up" in arrivals.tick(after=60)


def test_a_run_in_progress_is_not_joined_by_another(arrivals: Arrivals, drop: Path) -> None:
    arrivals.declare(str(drop), arrival={"settled_seconds": 0})
    (drop / "one.html").write_bytes(page_of("One"))
    [request] = arrivals.tick()
    assert isinstance(request, dg.RunRequest)
    arrivals.deployment.instance.create_run_for_job(
        location_of(arrivals.deployment).resolve_job_def(CRAWL),
        status=dg.DagsterRunStatus.STARTED,
        tags={**request.tags, "dagster/partition": KEY},
    )
    (drop / "two.html").write_bytes(page_of("Two"))
    assert arrivals.tick(after=1) == f"{KEY}: a run is in progress"


def test_an_old_delivery_that_is_still_there_is_not_the_delivery_of_a_new_day(
    arrivals: Arrivals, drop: Path
) -> None:
    arrivals.declare(str(drop), arrival={"settled_seconds": 0})
    (drop / "one.html").write_bytes(page_of("One"))
    arrivals.now -= dt.timedelta(days=1)
    arrivals.answer(layers=PAGES)
    arrivals.cursor = None
    assert arrivals.tick(after=86_400) == "nothing new has arrived"


HOSTILE = (
    "-rf.html",
    "$(touch pwned).html",
    "<script>alert(1)</script>"[:8] + ".html",
    "a\nb.html",
    "\x1b[31mred.html",
    "..hidden..html",
    "%2e%2e%2fup.html",
    "ünï 🎈.html",
    "x" * 200 + ".html",
)


def test_hostile_file_names_are_names_and_nothing_else(arrivals: Arrivals, drop: Path) -> None:
    arrivals.declare(str(drop), arrival={"settled_seconds": 0})
    for number, name in enumerate(HOSTILE):
        (drop / name).write_bytes(page_of(f"Number {number}"))
    (drop / os.fsdecode(b"\xff\xfe.html")).write_bytes(page_of("No text"))
    (drop / "out.html").symlink_to("/etc/passwd")
    (drop / "circle").symlink_to(drop)
    os.mkfifo(drop / "pipe.html")
    arrivals.answer(success=False, layers=PAGES)
    pages = arrivals.rows("pages")
    refused = dict(pages.filter(pl.col("outcome") != "fetched").select("url", "reason").iter_rows())
    assert set(refused) == {"https://drop.test/out.html"}, refused
    assert "leads out of the folder" in refused["https://drop.test/out.html"]
    assert pages.height == len(HOSTILE) + 2
    assert not arrivals.rows("pages")["payload"].drop_nulls().bin.contains(b"root:").any()
    assert sorted(arrivals.deployment.folder.rglob("pwned")) == []


def test_a_folder_that_cannot_be_looked_at_is_said_and_the_sensor_goes_on(
    arrivals: Arrivals, drop: Path
) -> None:
    arrivals.declare(str(drop / ("long" * 100)), arrival={"marker": "_SUCCESS"})
    assert "cannot be looked at (File name too long)" in arrivals.tick()


def test_a_prefix_of_a_bucket_is_a_drop_folder_too(arrivals: Arrivals, s3_server: S3Place) -> None:
    prefix = f"{s3_server.uri}/drop"
    arrivals.declare(f"{prefix}/{{date}}", arrival={"marker": "_SUCCESS"})
    objects = Objects(f"{prefix}/{TODAY}", s3_server.options)
    assert arrivals.tick() == "nothing new has arrived"
    objects.put("deep/one.html", page_of("One"))
    objects.put("$(id) <b>.html", page_of("Two"))
    assert "2 files" in arrivals.tick()
    objects.put("_SUCCESS", b"")
    arrivals.answer(layers=RECORDS)
    assert sorted(arrivals.rows("records")["title"]) == ["One", "Two"]

    objects.put("three.html", page_of("Three"))
    objects.put("deep/one.html", page_of("One, corrected"))
    before = dict(arrivals.rows("pages").select("url", "fetched_at").iter_rows())
    arrivals.answer(after=1, layers=RECORDS)
    assert sorted(arrivals.rows("records")["title"]) == ["One, corrected", "Three", "Two"]
    after = dict(arrivals.rows("pages").select("url", "fetched_at").iter_rows())
    assert [url for url, at in after.items() if before.get(url) == at] == [
        "https://drop.test/$(id)%20%3Cb%3E.html"
    ]


def test_archives_below_a_prefix_are_read_from_a_copy(
    arrivals: Arrivals, s3_server: S3Place, warc_of: Callable[[dict[str, bytes]], bytes]
) -> None:
    prefix = f"{s3_server.uri}/warc"
    rule = {"by": "warc", "path": f"{prefix}/{{date}}"}
    fetch = {"via": "warc", "discover": [rule]}
    arrivals.declare("unused", arrival={"marker": "_SUCCESS"}, fetch=fetch)
    objects = Objects(f"{prefix}/{TODAY}", s3_server.options)
    objects.put("part 1.warc.gz", warc_of({"https://old.test/a": page_of("A")}))
    objects.put("_SUCCESS", b"")
    arrivals.answer(layers=RECORDS)
    assert arrivals.rows("records")["title"].to_list() == ["A"]
    objects.put("part 2.warc.gz", warc_of({"https://old.test/b": page_of("B")}))
    arrivals.answer(after=1, layers=RECORDS)
    assert sorted(arrivals.rows("records")["title"]) == ["A", "B"]


@pytest.fixture
def warc_of() -> Callable[[dict[str, bytes]], bytes]:
    import io

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    def write(pages: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        writer = WARCWriter(stream, gzip=True)
        for url, body in pages.items():
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=headers,
                    warc_headers_dict={"WARC-Date": f"{TODAY}T00:00:01Z"},
                )
            )
        return stream.getvalue()

    return write


def _feed(*names: str) -> bytes:
    items = "".join(
        f"<item><title>{name}</title><link>http://site.test/{name}</link></item>" for name in names
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def test_new_entries_of_a_feed_are_added_and_old_ones_are_not_asked_again(arrivals: Arrivals) -> None:
    with FaultServer() as site:
        arrivals.deployment.connect_to = {"site.test": site.address}
        site.add("/robots.txt", status(404))
        site.add("/feed", page(_feed("a", "b"), content_type="application/rss+xml"))
        for name in "abc":
            site.add(f"/{name}", page(page_of(f"Page {name}")))
        fetch = {
            "discover": [{"by": "feed", "start": ["http://site.test/feed"]}],
            "requests_per_second": 1_000,
        }
        arrivals.declare("unused", arrival={"poll_seconds": 10}, fetch=fetch, allow_private=True)
        arrivals.answer(layers=PAGES)
        assert arrivals.tick(after=10) == "nothing new has arrived"
        site.log.clear()
        # the oldest entry has left the feed
        site.add("/feed", page(_feed("b", "c"), content_type="application/rss+xml"))
        assert arrivals.tick(after=5) == "nothing new has arrived"
        arrivals.answer(after=5, layers=PAGES)
        assert sorted(set(site.targets()) - {"/robots.txt"}) == ["/c", "/feed"]
    content = arrivals.rows("pages").filter(role="content")
    assert sorted(content["url"]) == [f"http://site.test/{name}" for name in "abc"]


def test_data_that_does_not_come_by_its_deadline_is_told_with_what_is_waited_for(
    arrivals: Arrivals, drop: Path
) -> None:
    arrivals.declare(str(drop / "{date}"), arrival={"marker": "_SUCCESS"}, deadline_hours=6)
    registry = load_sources(arrivals.deployment.sources)
    morning = dt.datetime.combine(TODAY, dt.time(5, 59), dt.UTC)
    assert list(late_causes(arrivals.deployment.store, registry, morning, [])) == []
    [cause] = late_causes(arrivals.deployment.store, registry, morning + dt.timedelta(minutes=2), [])
    assert cause.kind == "upstream_late"
    assert f"{drop}/{TODAY}" in cause.body
    assert "_SUCCESS" in cause.body
