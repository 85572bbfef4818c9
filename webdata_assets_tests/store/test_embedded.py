"""What a day takes over from the embeddings of the day before, and which partitions are of another model."""

import datetime as dt

import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.embed.version import embedding_version
from webdata_assets.store.embedded import carried_over, embedded_by_another
from webdata_assets.store.tables import Tables
from webdata_assets_tests.store.rows import DAY, SHOP, admit, digest, frame, put, row

TODAY = Partition(DAY + dt.timedelta(days=2), "shop")
YESTERDAY = Partition(DAY + dt.timedelta(days=1), "shop")
VERSION = embedding_version("model@1/8", "structure")
LAYERS = ("records", "embeddings")


def write(store, partition, *numbers, version=VERSION, layers=LAYERS):
    for name in layers:
        rows = frame(name, *(row(name, partition, number) for number in numbers))
        put(store, name, rows, partition, code_version=version)
        admit(store, name, partition)


def records(*numbers, **values):
    return frame("records", *(row("records", TODAY, number, **values) for number in numbers))


def carried(store, rows):
    return carried_over(store, TODAY, rows, VERSION)


def test_records_that_did_not_change_keep_their_rows_under_the_new_date(store):
    write(store, YESTERDAY, 0, 1, 2)
    rows = carried(store, records(1, 2, 3))
    assert rows.equals(frame("embeddings", row("embeddings", TODAY, 1), row("embeddings", TODAY, 2)))


def test_a_record_whose_content_changed_is_not_carried_over(store):
    write(store, YESTERDAY, 0)
    assert carried(store, records(0, content_hash=digest("new"))).is_empty()


def test_the_newest_earlier_day_is_taken(store):
    write(store, SHOP, 0, 1)
    write(store, YESTERDAY, 1)
    assert carried(store, records(0, 1))["record_id"].to_list() == [f"{1:032x}"]


def test_neither_the_day_itself_nor_a_later_one_is_taken(store):
    write(store, TODAY, 0)
    write(store, Partition(TODAY.date + dt.timedelta(days=1), "shop"), 0)
    assert carried(store, records(0)).is_empty()


def test_another_source_is_not_taken(store):
    write(store, Partition(YESTERDAY.date, "blog"), 0)
    assert carried(store, records(0)).is_empty()


@pytest.mark.parametrize(
    "version", [embedding_version("model@2/8", "structure"), embedding_version("model@1/8", "other")]
)
def test_rows_of_another_model_or_chunker_are_not_taken(store, version):
    write(store, YESTERDAY, 0, version=version)
    assert carried(store, records(0)).is_empty()


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_not_admitted_is_not_taken(store, name):
    write(store, YESTERDAY, 0)
    admit(store, name, YESTERDAY, schema=False)
    assert carried(store, records(0)).is_empty()


def test_records_that_were_written_after_their_embeddings_are_not_taken(store):
    write(store, YESTERDAY, 0)
    write(store, YESTERDAY, 0, 1, layers=["records"])
    assert carried(store, records(0)).is_empty()


@pytest.mark.parametrize("table", [RECORDS, EMBEDDINGS])
def test_a_day_that_is_written_while_it_is_read_is_not_taken(store, monkeypatch, table):
    write(store, YESTERDAY, 0)
    scan = Tables.scan_partition

    def written_meanwhile(tables, scanned, partition):
        if scanned is table:
            store.ledger.begin_write(
                table, YESTERDAY, data_version="0" * 64, code_version=VERSION, rows=1, extracted=None,
                run_id="run",
            )  # fmt: skip
        return scan(tables, scanned, partition)

    monkeypatch.setattr(Tables, "scan_partition", written_meanwhile)
    assert carried(store, records(0)).is_empty()


def test_a_write_of_another_partition_meanwhile_is_no_hindrance(store, monkeypatch):
    write(store, YESTERDAY, 0)
    scan = Tables.scan_partition

    def written_meanwhile(tables, scanned, partition):
        write(store, Partition(DAY, "blog"), 0, layers=["records"])
        return scan(tables, scanned, partition)

    monkeypatch.setattr(Tables, "scan_partition", written_meanwhile)
    assert carried(store, records(0)).height == 1


def test_partitions_of_another_model_are_named_with_it(store):
    write(store, SHOP, 0)
    write(store, YESTERDAY, 0, version=embedding_version("model@1/8", "other"))
    write(store, TODAY, 0, version=None)
    assert embedded_by_another(store, "model@1/8") == [(TODAY, None)]
    assert embedded_by_another(store, "model@2/8") == [
        (SHOP, "model@1/8"), (YESTERDAY, "model@1/8"), (TODAY, None),
    ]  # fmt: skip


def test_partitions_that_are_not_admitted_are_left_to_other_repairs(store):
    write(store, SHOP, 0)
    admit(store, "embeddings", SHOP, schema=False)
    assert embedded_by_another(store, "model@2/8") == []
