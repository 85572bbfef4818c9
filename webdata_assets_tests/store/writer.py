"""A writer in a process of its own, for tests that race or kill it: `python -m …writer MODE ROOT …`."""

import sys
import time
from pathlib import Path

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import frame, put, row

WRITERS = 2


def wait_for_the_others(root: str, round_: int, own: str) -> None:
    """Return once every writer arrived, so that all write at the same moment."""
    folder = Path(root) / f"arrived-{round_}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / own).touch()
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < WRITERS:
        if time.monotonic() > deadline:
            raise TimeoutError("the other writer did not arrive")
        time.sleep(0.001)


def write_first(root: str, key: str, rounds: str) -> None:
    """Be among the first writers of a new store, again and again."""
    partition = Partition.from_key(key)
    for round_ in range(int(rounds)):
        store = Store.open(f"{root}/store-{round_}")
        wait_for_the_others(root, round_, partition.source)
        put(store, "frontier", frame("frontier", row("frontier", partition)), partition)


def write_many(root: str, key: str, times: str) -> None:
    """Write one partition again and again, each time with one row more."""
    partition = Partition.from_key(key)
    store = Store.open(f"{root}/store")
    wait_for_the_others(root, 0, partition.source)
    for number in range(int(times)):
        rows = [row("frontier", partition, each) for each in range(number + 1)]
        put(store, "frontier", frame("frontier", *rows), partition)


def die_before_commit(root: str, key: str) -> None:
    """Enter a write into the ledger, say so, and wait to be killed."""
    partition = Partition.from_key(key)
    Store.open(root).ledger.begin_write(
        TABLES["frontier"],
        partition,
        data_version="f" * 64,
        code_version="1",
        rows=1,
        extracted=None,
        run_id="x",
    )
    print("begun", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
