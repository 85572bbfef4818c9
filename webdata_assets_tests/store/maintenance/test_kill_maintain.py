"""A kill at any moment of maintenance leaves every table readable, with the content that it had."""

import random
import subprocess
import sys
import time

import pytest

from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.store import Store


def kill_after(store: Store, seconds: float) -> None:
    """Begin maintenance in another process, and kill that after some time."""
    module = "webdata_assets_tests.store.maintenance.killable"
    process = subprocess.Popen(
        [sys.executable, "-m", module, store.location.root, "1000"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    process.kill()
    process.wait()
    process.stdout.close()


def check_kills(store: Store, maintained, kills: int) -> None:
    before = store.content_hashes()
    chance = random.Random(7)
    for _ in range(kills):
        kill_after(store, chance.uniform(0.0, 1.0))
        opened = Store.open(store.location.root)
        hashes = opened.content_hashes()
        assert hashes == before
        # each text may be there several times, never another one
        assert set(opened.tables.read(VECTORS)["vector"]) == {b"\0" * 8}
    opened = Store.open(store.location.root)
    rows = opened.tables.read(VECTORS)
    maintained(opened)
    assert opened.tables.read(VECTORS).equals(rows)


def test_three_kills_change_no_content(used_store, maintained):
    check_kills(used_store, maintained, 3)


@pytest.mark.soak
def test_forty_kills_change_no_content(used_store, maintained):
    check_kills(used_store, maintained, 40)
