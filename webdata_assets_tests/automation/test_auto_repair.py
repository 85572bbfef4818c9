"""Proposals are put in place without a person only where the source says so, and only good ones."""

from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.auto_repair import AutoRepair, auto_repair, repair_sources
from webdata_assets.automation.jobs import REPLAY
from webdata_assets.resources import SourcesResource
from webdata_assets.sources.registry import Registry, load_sources
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.store import Store
from webdata_assets_tests.assets.lost_field import BROKEN, lose_prices, propose, source_text
from webdata_assets_tests.assets.stored_pages import local_deployment

ASKS = "auto_repair: true\n"


def test_one_tick_patches_the_source_and_asks_for_the_replay_that_heals(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        shop = local_deployment(tmp_path, instance)
        shop.write_source(source_text(ASKS), "shop.yaml")
        source = load_sources(shop.sources).get("shop")
        lose_prices(shop.store, extractor=extractor_version(source))
        before = [request.partition_key for request in shop.tick("recrawl_sensor").run_requests or []]
        propose(shop.store, source)
        after = {
            request.partition_key: request.job_name
            for request in shop.tick("recrawl_sensor").run_requests or []
        }
    assert BROKEN.key not in before
    assert after[BROKEN.key] == REPLAY
    assert (shop.settings.patches / "shop.yaml").exists()


class Shop:
    """A store, a source file and a folder of patches."""

    def __init__(self, folder: Path, more: str) -> None:
        self.sources, self.patches = folder / "sources", folder / "patches"
        self.sources.mkdir()
        (self.sources / "shop.yaml").write_text(source_text(more))
        self.store = Store.open(str(folder / "store"))
        lose_prices(self.store)

    @property
    def registry(self) -> Registry:
        return load_sources(self.sources, patches=self.patches)

    def propose(self, **given: object) -> None:
        propose(self.store, self.registry.get("shop"), **given)  # type: ignore[arg-type]

    def repair(self) -> list[AutoRepair]:
        return auto_repair(self.store, self.registry, self.patches)


def test_without_the_flag_nothing_is_written(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "")
    shop.propose()
    assert shop.repair() == []
    assert not shop.patches.exists()


@pytest.mark.parametrize(
    ("support", "held_out"), [(0.97, 100), (0.5, 20), (1.0, 9)], ids=["under 0.98", "half", "few pages"]
)
def test_a_proposal_that_is_not_sure_enough_is_left_to_a_person(
    tmp_path: Path, support: float, held_out: int
) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose(support=support, held_out=held_out)
    assert shop.repair() == []
    assert not shop.patches.exists()


def test_a_value_that_all_pages_share_is_left_to_a_person(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose(is_constant=True)
    assert shop.repair() == []


def test_the_source_says_how_sure_is_enough(tmp_path: Path) -> None:
    shop = Shop(tmp_path, f"{ASKS}auto_repair_support: 0.8\n")
    shop.propose(support=0.85)
    assert [repair.fields for repair in shop.repair()] == [("price",)]


def test_a_good_proposal_becomes_a_patch_and_the_source_file_stays(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose()
    [repair] = shop.repair()
    assert (repair.path, repair.fields) == (shop.patches / "shop.yaml", ("price",))
    assert (shop.sources / "shop.yaml").read_text() == source_text(ASKS)
    assert "- css: .price # until June\n        - css: .cost" in repair.path.read_text()
    rule = shop.registry.get("shop").extract.fields["price"]
    assert [selector.label for selector in rule.from_] == ["css:.price", "css:.cost"]


def test_all_fields_of_a_source_go_into_one_patch(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose()
    shop.propose(field="currency", selector=Selector(css=".unit"), tried=".currency")
    assert [repair.fields for repair in shop.repair()] == [("currency", "price")]


def test_one_proposal_is_put_in_place_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose()
    assert len(shop.repair()) == 1
    written = (shop.patches / "shop.yaml").read_text()
    assert shop.repair() == []
    assert (shop.patches / "shop.yaml").read_text() == written


def test_the_sources_are_read_again_after_a_patch(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose()
    sources = SourcesResource(folder=str(shop.sources), patches=str(shop.patches))
    assert len(sources.get("shop").extract.fields["price"].from_) == 1
    [told] = repair_sources(shop.store, sources)
    assert told.startswith("shop: price patched in ")
    assert len(sources.get("shop").extract.fields["price"].from_) == 2


def test_a_deployment_without_patches_is_left_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path, ASKS)
    shop.propose()
    assert repair_sources(shop.store, SourcesResource(folder=str(shop.sources))) == []
