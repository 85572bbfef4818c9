"""Readers of what is admitted get that, whoever writes while they read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from webdata_assets.errors import NotAdmittedError, TransientError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.tables import Tables
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, admit, frame, put, row

RECORDS = TABLES["records"]
AFTER = Partition(DAY.replace(day=2), SHOP.source)
GOOD, BAD = "good", "never checked"

READERS: dict[str, Callable[[Store], pl.DataFrame]] = {
    "one partition": lambda store: store.read_admitted(RECORDS, SHOP),
    "one partition, lazily": lambda store: store.scan_admitted_partition(RECORDS, SHOP).collect(),
    "all partitions": lambda store: store.scan_admitted(RECORDS).collect(),
    "earlier partitions": lambda store: store.scan_earlier(RECORDS, AFTER).collect(),
}


def write(store: Store, title: str, partition: Partition = SHOP) -> None:
    put(store, "records", frame("records", row("records", partition, title=title)), partition)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(str(tmp_path))
    for partition in (SHOP, BLOG):
        write(opened, GOOD, partition)
        admit(opened, "records", partition)
    return opened


def when_read(monkeypatch: pytest.MonkeyPatch, action: Callable[[], None], times: int = 1) -> None:
    """Let something happen just before the table is opened, after the ledger was asked."""
    opened, left, acting = Tables.open, [times], [False]

    def open_late(tables: Tables, table: object) -> Any:
        if table is RECORDS and left[0] and not acting[0]:
            left[0] -= 1
            acting[0] = True
            action()
            acting[0] = False
        return opened(tables, table)

    monkeypatch.setattr(Tables, "open", open_late)


def titles(read: Callable[[Store], pl.DataFrame], store: Store) -> set[str]:
    """Return the titles that a reader gets; none where it is refused."""
    try:
        return set(read(store)["title"])
    except NotAdmittedError:
        return set()


@pytest.mark.parametrize("reader", READERS)
def test_what_another_process_writes_meanwhile_is_not_read_before_it_is_checked(
    store: Store, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    other = Store.open(store.location.root)
    when_read(monkeypatch, lambda: write(other, BAD))
    assert titles(READERS[reader], store) <= {GOOD}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_admitted_meanwhile_is_read_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    other = Store.open(store.location.root)

    def rewrite() -> None:
        write(other, "better")
        admit(other, "records", SHOP)

    when_read(monkeypatch, rewrite)
    assert "better" in titles(READERS[reader], store)


@pytest.mark.parametrize("reader", ["scan_admitted", "scan_admitted_partition", "scan_earlier"])
def test_what_is_to_be_collected_later_stays_what_it_was(store: Store, reader: str) -> None:
    arguments = {"scan_admitted": (), "scan_admitted_partition": (SHOP,), "scan_earlier": (AFTER,)}[reader]
    rows = getattr(store, reader)(RECORDS, *arguments)
    write(store, BAD)
    assert store.tables.read_partition(RECORDS, SHOP)["title"].to_list() == [BAD]
    assert set(rows.collect()["title"]) == {GOOD}


def test_a_partition_that_never_rests_is_to_be_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webdata_assets.store.store._LOOKS", 2)
    other, numbers = Store.open(store.location.root), iter(range(99))

    def rewrite() -> None:
        write(other, f"version {next(numbers)}")
        admit(other, "records", SHOP)

    when_read(monkeypatch, rewrite, times=9)
    with pytest.raises(TransientError, match="faster than they can be read"):
        store.read_admitted(RECORDS, SHOP)
