"""A store with admitted partitions of two sources on two dates, and one that failed its checks.

What belongs here: the store that tests of readers share. What does not: assertions.
"""

import datetime as dt
from pathlib import Path

from webdata_assets.partitions import Partition
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import DAY, admit, frame, put, row

NEXT = DAY + dt.timedelta(days=1)
SHOP, BLOG = Partition(DAY, "demo_shop"), Partition(DAY, "demo_blog")
LATER_SHOP, FAILED = Partition(NEXT, "demo_shop"), Partition(NEXT, "demo_blog")
ADMITTED = (SHOP, BLOG, LATER_SHOP)
ROWS = 3


def write(store: Store, name: str, partition: Partition, *numbers: int, **values: object) -> None:
    """Write rows of a table to a partition, and leave them unchecked."""
    rows = (row(name, partition, number, **values) for number in numbers)
    put(store, name, frame(name, *rows), partition)


def make_store(folder: Path) -> Store:
    """Return a store with records and features: three partitions admitted, one failed."""
    store = Store.open(str(folder))
    for name in ("records", "features"):
        for partition in ADMITTED:
            write(store, name, partition, *range(ROWS))
            admit(store, name, partition)
        write(store, name, FAILED, *range(ROWS))
        admit(store, name, FAILED, schema=False)
    return store
