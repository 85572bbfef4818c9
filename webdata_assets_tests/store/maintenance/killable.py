"""Maintain a store again and again, in a process of its own that a test kills."""

import datetime as dt
import sys

from webdata_assets.store import Store
from webdata_assets.store.maintenance.maintain import maintain
from webdata_assets_tests.store.maintenance.conftest import append_vectors

if __name__ == "__main__":
    store = Store.open(sys.argv[1])
    print("ready", flush=True)
    for _ in range(int(sys.argv[2])):
        append_vectors(store, 3)
        maintain(
            store, keep_days=0, archive_after_days=0, price=0.0, now=dt.datetime.now(dt.UTC),
            tell=lambda line: None,
        )  # fmt: skip
