"""A repair run of the asset: what the partition has stays, what is missing is fetched, all of it counted."""

from collections import Counter
from collections.abc import Iterator

import polars as pl
import pytest

from webdata_assets.assets.kept_pages import MISSING_ONLY
from webdata_assets.cli.instance import Outcome
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets_tests.assets.stored_pages import EXTRACTED, FETCHED, run_layers
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import in_turn, links, page, status
from webdata_assets_tests.site.server import FaultServer

HOST = "holes.test"
PARTITION = Partition.from_key("2026-06-02|holes")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def site() -> Iterator[FaultServer]:
    with FaultServer() as server:
        server.add(f"{HOST}/", links("/a", "/b", "/list", "/image.png"))
        for name in ("a", "deep"):
            server.add(f"{HOST}/{name}", page(f"<title>{name}</title><h1>{name}</h1><p>The page {name}."))
        server.add(f"{HOST}/image.png", page(PNG, content_type="image/png"))
        server.add(f"{HOST}/b", in_turn(status(500), page("<title>b</title><h1>b</h1><p>The page b.")))
        server.add(f"{HOST}/list", in_turn(status(500), links("/deep", title="list")))
        yield server


@pytest.fixture
def holes(deployment: Deployment, site: FaultServer) -> Deployment:
    deployment.write_source(
        {
            "name": "holes",
            "description": "Pages that fail once",
            "start": "2026-06-02",
            "allow_private": True,
            "fetch": {
                "discover": [{"by": "links", "start": [f"http://{HOST}/"]}],
                "requests_per_second": 1000,
                "max_attempts": 1,
            },
            "extract": {"kind": "document"},
        }
    )
    deployment.connect_to = {HOST: site.address}
    deployment.now = "2026-06-02T12:00:00+00:00"
    return deployment


def repair(deployment: Deployment, site: FaultServer, layers: tuple[str, ...] = FETCHED) -> Outcome:
    site.log.clear()
    return run_layers(deployment, PARTITION, layers, tags=MISSING_ONLY)


def asked(site: FaultServer) -> Counter[str]:
    return Counter(seen.target for seen in site.log if seen.target != "/robots.txt")


def pages(deployment: Deployment) -> pl.DataFrame:
    return deployment.store.tables.read_partition(PAGES, PARTITION)


@pytest.mark.parametrize("shards", [1, 2])
def test_a_repair_requests_only_what_is_missing_and_what_that_leads_to(
    holes: Deployment, site: FaultServer, shards: int
) -> None:
    holes.shards = shards
    assert "pages.completeness" in run_layers(holes, PARTITION, FETCHED).failed_checks
    before = pages(holes)
    assert dict(before.group_by("outcome").len().iter_rows()) == {"fetched": 3, "failed": 2}
    version = holes.store.tables.version(PAGES)
    outcome = repair(holes, site)
    assert asked(site) == {"/b": 1, "/list": 1, "/deep": 1}
    assert not [check for check in outcome.failed_checks if check.startswith(("pages", "dead_letters"))]
    after = pages(holes)
    assert after["outcome"].to_list() == ["fetched"] * 6
    kept = before.filter(outcome="fetched")
    assert after.join(kept.select("url"), on="url", how="semi").equals(kept)
    assert holes.store.tables.version(PAGES) == (version or 0) + 1
    assert holes.store.tables.read_partition(DEAD_LETTERS, PARTITION).is_empty()
    assert not holes.store.location.spool(PARTITION).scratch.exists()


def test_a_binary_that_is_lost_is_fetched_again_and_the_others_are_not(
    holes: Deployment, site: FaultServer
) -> None:
    run_layers(holes, PARTITION, FETCHED)
    assert not [name for name in repair(holes, site).failed_checks if name.startswith("pages")]
    row = pages(holes).row(by_predicate=pl.col("in_blobs"), named=True)
    digest = row["payload_hash"]
    (holes.store.blobs.folder / digest[:2] / digest).unlink()
    repair(holes, site)
    assert asked(site) == {"/image.png": 1}
    assert holes.store.blobs.get(digest) == PNG


def test_nothing_is_requested_where_nothing_is_missing(holes: Deployment, site: FaultServer) -> None:
    layers = (*FETCHED, *EXTRACTED)
    run_layers(holes, PARTITION, FETCHED)
    repair(holes, site, layers)
    hashes = holes.store.content_hashes()
    repair(holes, site, layers)
    assert asked(site) == {}
    assert holes.store.content_hashes() == hashes
    assert Partition(PARTITION.date, PARTITION.source) in {
        Partition(date, source)
        for date, source in holes.store.ledger.admitted(TABLES["pages"]).select("date", "source").iter_rows()
    }
