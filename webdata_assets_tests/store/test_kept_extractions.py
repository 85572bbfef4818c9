"""Kept extractions are a cache, which several dates of one source write at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from webdata_assets.partitions import Partition
from webdata_assets.stages.extract.extraction import Extraction
from webdata_assets.store import Store
from webdata_assets.store.extractions import KeptExtractions

ROUNDS = 150


def test_a_date_whose_parts_a_later_one_removes_meanwhile_is_written_and_read_all_the_same(tmp_path: Path):
    location = Store.open(str(tmp_path)).location

    def write_and_read(day: int) -> None:
        kept = KeptExtractions(location, Partition(dt.date(2026, 6, day), "shop"), "1")
        for number in range(ROUNDS):
            url = f"https://shop.test/{number}"
            kept.add({url: "0"}, Extraction())
            assert all(urls for urls, _ in kept.read({url: "0"}))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(write_and_read, (1, 2, 3)))
