"""A writer of tables in a process of its own: `python -m … STORE BARRIER PARTITION TIMES`."""

import os
import sys

from webdata_assets.partitions import Partition
from webdata_assets.store import Store
from webdata_assets.store.options import storage_options
from webdata_assets_tests.store.rows import admit, frame, put, row
from webdata_assets_tests.store.writer import wait_for_the_others


def write(root: str, barrier: str, key: str, times: str) -> None:
    """Write one partition again and again, each time with one row more, and admit it."""
    partition = Partition.from_key(key)
    store = Store.open(root, options=storage_options(root, os.environ))
    wait_for_the_others(barrier, 0, partition.source)
    for number in range(int(times)):
        rows = [row("frontier", partition, each) for each in range(number + 1)]
        put(store, "frontier", frame("frontier", *rows), partition)
        admit(store, "frontier", partition)


if __name__ == "__main__":
    write(*sys.argv[1:])
