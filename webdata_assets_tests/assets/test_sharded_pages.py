"""Shards as steps: none for a small frontier, one for each part of a large one, and retried alone."""

from collections import Counter
from collections.abc import Iterator, Mapping

import dagster as dg
import pytest

from webdata_assets.assets.kept_pages import MISSING_ONLY
from webdata_assets.definitions import build_defs
from webdata_assets.partitions import Partition
from webdata_assets.resources import ClockResource, FetcherResource
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.settings import Settings
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import in_turn, page, status
from webdata_assets_tests.site.server import FaultServer

HOSTS = ("one.test", "two.test", "three.test", "four.test")
DATE = "2026-06-02"
KEY = f"{DATE}|sharded"


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        for host in HOSTS:
            for number in range(3):
                server.add(f"{host}/{number}", page(f"<title>{number}</title><p>Page {number} of {host}"))
        yield server


@pytest.fixture
def sharded(deployment: Deployment, site: FaultServer) -> Deployment:
    starts = [f"http://{host}/{number}" for host in HOSTS for number in range(3)]
    deployment.write_source(
        {
            "name": "sharded",
            "description": "Pages of several hosts",
            "start": DATE,
            "allow_private": True,
            "fetch": {
                "discover": [{"by": "urls", "start": starts}],
                "requests_per_second": 1000,
                "shard_urls": 10,
            },
            "extract": {"kind": "document"},
        }
    )
    deployment.connect_to = dict.fromkeys(HOSTS, site.address)
    deployment.now = f"{DATE}T12:00:00+00:00"
    deployment.shards = 2
    return deployment


Result = dg.ExecuteInProcessResult | dg.JobExecutionResult


def crawl(deployment: Deployment, tags: Mapping[str, str] | None = None) -> dg.ExecuteInProcessResult:
    job = deployment.definitions().resolve_job_def("crawl")
    return job.execute_in_process(
        instance=deployment.instance,
        partition_key=KEY,
        tags=dict(tags or {}),
        raise_on_error=False,
        asset_selection=[dg.AssetKey(name) for name in ("frontier", "pages", "dead_letters")],
    )


def steps(result: Result) -> list[str]:
    events = result.all_events
    started = [event.step_key for event in events if event.is_step_start and event.step_key]
    return sorted(step.removeprefix("crawl_pages.") for step in started if step.startswith("crawl_pages."))


def fetched(site: FaultServer) -> Counter[tuple[str, str]]:
    return Counter((seen.host, seen.target) for seen in site.log if seen.target != "/robots.txt")


def test_each_shard_is_a_step_and_every_page_is_fetched_once(sharded: Deployment, site: FaultServer) -> None:
    result = crawl(sharded)
    assert result.success
    assert steps(result) == ["crawl_shard[0]", "crawl_shard[1]", "gather_pages", "plan_shards"]
    assert set(fetched(site).values()) == {1}
    assert len(fetched(site)) == 12
    pages = sharded.store.tables.read_partition(PAGES, Partition.from_key(KEY))
    assert pages["outcome"].to_list() == ["fetched"] * 12


def test_shards_of_a_repair_request_only_what_is_missing(sharded: Deployment, site: FaultServer) -> None:
    site.add("two.test/1", in_turn(status(410), status(403), page("<title>1</title><p>Page 1 at last")))
    path = sharded.sources / "source.yaml"
    path.write_text(path.read_text().replace("shard_urls: 10", "shard_urls: 10\n  max_attempts: 1"))
    site.add("one.test/2", in_turn(status(403), page("<title>2</title><p>Page 2 at last")))
    crawl(sharded)
    site.log.clear()
    assert "crawl_shard[1]" in steps(crawl(sharded, MISSING_ONLY))
    assert fetched(site) == {("one.test", "/2"): 1}


def test_what_a_run_stored_before_it_died_is_not_fetched_again(
    sharded: Deployment, site: FaultServer
) -> None:
    crawl(sharded)
    ledger, partition = sharded.store.ledger, Partition.from_key(KEY)
    for table in (PAGES, DEAD_LETTERS):
        write = ledger.newest_write(table, partition)
        assert write is not None
        ledger.begin_write(
            table, partition, data_version=write.data_version, code_version=None, rows=write.rows,
            extracted=None, run_id="died",
        )  # fmt: skip
    site.log.clear()
    result = crawl(sharded)
    assert (result.success, steps(result)) == (True, ["gather_pages", "plan_shards"])
    assert not fetched(site)


def test_a_small_frontier_has_no_shards(sharded: Deployment, site: FaultServer) -> None:
    path = sharded.sources / "source.yaml"
    path.write_text(path.read_text().replace("shard_urls: 10", "shard_urls: 100"))
    assert steps(crawl(sharded)) == ["gather_pages", "plan_shards"]


def test_one_shard_is_one_plain_step(sharded: Deployment) -> None:
    sharded.shards = 1
    result = crawl(sharded)
    assert result.success
    assert "crawl_pages" in [event.step_key for event in result.all_events if event.is_step_start]


def crawl_job() -> dg.JobDefinition:
    """The whole crawl job of the deployment that the environment describes, for another process to load."""
    clock = ClockResource(fixed=f"{DATE}T12:00:00+00:00")
    return build_defs(settings=Settings(), resources={"clock": clock}).resolve_job_def("crawl")


def test_a_run_again_from_the_failure_runs_the_failed_shard_alone(
    sharded: Deployment, site: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sharded.settings.model_dump(mode="json", exclude_none=True).items():
        if name == "connect_to":
            value = ",".join(f"{host}={address}" for host, address in value.items())  # noqa: PLW2901
        monkeypatch.setenv(f"WEBDATA_{name.upper()}", str(value))
    original = FetcherResource.crawl

    async def failing(self: FetcherResource, *arguments: object, **named: object) -> object:
        if "two.test" in (named["hosts"] or ()):  # type: ignore[operator]
            raise RuntimeError("this worker's machine is gone")
        return await original(self, *arguments, **named)  # type: ignore[arg-type]

    job = dg.reconstructable(crawl_job)
    tags = {
        "dagster/partition": KEY,
        **{f"dagster/partition/{n}": v for n, v in zip(("date", "source"), KEY.split("|"), strict=True)},
    }
    monkeypatch.setattr(FetcherResource, "crawl", failing)
    failed = dg.execute_job(job, sharded.instance, tags=tags)
    assert not failed.success
    before = fetched(site)
    assert 0 < len(before) < 12

    monkeypatch.setattr(FetcherResource, "crawl", original)
    options = dg.ReexecutionOptions.from_failure(failed.run_id, sharded.instance)
    again = dg.execute_job(job, sharded.instance, tags=tags, reexecution_options=options)
    assert again.success
    assert len([step for step in steps(again) if step.startswith("crawl_shard")]) == 1
    assert "plan_shards" not in steps(again)
    assert set(fetched(site).values()) == {1}
    assert len(fetched(site)) == 12
