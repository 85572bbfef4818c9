"""Near-duplicates through real runs: found in other sources and on other days, among what is admitted."""

import datetime as dt

import dagster as dg
import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.stages.dedup.fingerprint import METHOD, fingerprint_records
from webdata_assets.store.fingerprints import read_fingerprints
from webdata_assets_tests.dedup.texts import edited, similarity, text
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.io_managers.graph import SILENT, SOURCE_FILE
from webdata_assets_tests.store.rows import DAY, admit, frame, put, row

SHOP, BLOG = Partition(DAY, "shop"), Partition(DAY + dt.timedelta(days=1), "blog")
LATER = Partition(DAY + dt.timedelta(days=2), "shop")


class House:
    """A deployment with two sources, whose definitions are loaded once."""

    def __init__(self, deployment: Deployment) -> None:
        for name in ("shop", "blog"):
            deployment.write_source(SOURCE_FILE.format(name=name), f"{name}.yaml")
        self.instance = deployment.instance
        self.store = deployment.store
        self.job = deployment.definitions().resolve_implicit_global_asset_job_def()


@pytest.fixture
def house(deployment: Deployment) -> House:
    return House(deployment)


def materialize(house: House, *assets: str, partition: Partition | None = None) -> dg.ExecuteInProcessResult:
    result = house.job.execute_in_process(
        instance=house.instance,
        partition_key=partition.key if partition else None,
        asset_selection=[dg.AssetKey(name) for name in assets],
        run_config=SILENT,
    )
    assert result.success
    return result


def arrive(house: House, partition: Partition, texts: dict[int, str | None], *, runs: bool = False) -> None:
    """Write and admit a partition's pages, records and fingerprints; these last by a run, if asked to."""
    rows = {
        name: frame(
            name,
            *(
                row(name, partition, number, **({"text": each} if name == "records" else {}))
                for number, each in texts.items()
            ),
        )
        for name in ("pages", "records")
    }
    for name, content in rows.items():
        put(house.store, name, content, partition)
        admit(house.store, name, partition)
    if runs:
        materialize(house, "fingerprints", partition=partition)
        return
    found = fingerprint_records(rows["records"].select("date", "source", "record_id", "text"))
    put(house.store, "fingerprints", found, partition, code_version=METHOD)
    admit(house.store, "fingerprints", partition)


def compare(house: House, *, corpus: bool = True) -> dict[str, object]:
    """Compare what is admitted, build the corpus, and return what the comparison said of itself."""
    built = ["corpus"] if corpus else []
    result = materialize(house, "near_duplicates", "compared_partitions", *built)
    [event] = result.asset_materializations_for_node("compare_records")[:1]
    return {name: value.value for name, value in event.metadata.items()}


def duplicates(house: House) -> dict[int, tuple[int, float]]:
    rows = house.store.read_admitted(CORPUS).filter(pl.col("duplicate_of").is_not_null())
    return {
        int(one, 16): (int(other, 16), alike)
        for one, other, alike in rows.select("record_id", "duplicate_of", "similarity").iter_rows()
    }


def test_a_near_duplicate_of_another_source_and_day_is_found_and_the_oldest_is_canonical(house):
    arrive(house, BLOG, {1: edited(text(1), 2), 3: text(3), 4: None}, runs=True)
    assert compare(house, corpus=False)["compared_records"] == 2
    arrive(house, SHOP, {2: text(1)}, runs=True)
    said = compare(house)
    assert (said["compared_records"], said["texts_read"], said["clusters"]) == (1, 2, 1)
    assert duplicates(house) == {1: (2, similarity(text(1), edited(text(1), 2)))}


def test_running_again_changes_nothing_and_reads_nothing(house):
    arrive(house, SHOP, {1: text(1), 2: text(1)})
    arrive(house, BLOG, {3: edited(text(1), 1)})
    compare(house)
    before = house.store.content_hashes()
    arrive(house, BLOG, {3: edited(text(1), 1)}, runs=True)
    said = compare(house)
    assert (said["compared_records"], said["texts_read"]) == (0, 0)
    assert house.store.content_hashes() == before


def test_the_order_in_which_partitions_arrive_does_not_count(house, tmp_path):
    partitions = {
        SHOP: {1: text(1), 2: text(2)},
        BLOG: {3: edited(text(1), 1), 4: edited(text(2), 3)},
        LATER: {1: edited(text(1), 2), 2: text(7)},
    }
    for partition, texts in partitions.items():
        arrive(house, partition, texts)
    compare(house)
    found = [house.store.tables.read(table) for table in (NEAR_DUPLICATES, COMPARED_PARTITIONS, CORPUS)]
    with dg.DagsterInstance.ephemeral() as instance:
        (tmp_path / "other").mkdir()
        other = House(Deployment(tmp_path / "other", instance, {}))
        for partition in reversed(partitions):
            arrive(other, partition, partitions[partition])
            compare(other, corpus=partition is SHOP)
        tables = (NEAR_DUPLICATES, COMPARED_PARTITIONS, CORPUS)
        assert all(
            other.store.tables.read(table).equals(wanted) for table, wanted in zip(tables, found, strict=True)
        )


def test_a_partition_that_is_not_admitted_any_more_takes_its_duplicates_with_it(house):
    arrive(house, SHOP, {1: text(1)})
    arrive(house, BLOG, {2: text(1), 3: text(1)})
    compare(house)
    assert duplicates(house) == {2: (1, 1.0), 3: (1, 1.0)}
    for name in ("records", "fingerprints"):
        put(house.store, name, house.store.tables.read_partition(TABLES[name], SHOP), SHOP)
        admit(house.store, name, SHOP, schema=False)
    compare(house)
    assert duplicates(house) == {3: (2, 1.0)}


def test_fingerprints_of_another_method_are_left_out_and_counted(house):
    arrive(house, SHOP, {1: text(1)})
    arrive(house, BLOG, {2: text(1)})
    old = house.store.tables.read_partition(FINGERPRINTS, BLOG).with_columns(method=pl.lit("earlier"))
    put(house.store, "fingerprints", old, BLOG)
    admit(house.store, "fingerprints", BLOG)
    compare(house)
    assert duplicates(house) == {}
    assert read_fingerprints(house.store).outdated == 1


def test_a_comparison_whose_checks_did_not_pass_is_made_anew(house):
    arrive(house, SHOP, {1: text(1), 2: text(1)})
    compare(house, corpus=False)
    put(house.store, "near_duplicates", NEAR_DUPLICATES.empty(), None)
    assert compare(house)["compared_records"] == 2
    assert duplicates(house) == {2: (1, 1.0)}
