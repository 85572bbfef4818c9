"""Embedding that is killed: another run encodes nothing twice but the batch that was in flight."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from webdata_assets.stages.embed import embed
from webdata_assets.stages.embed.cache import MemoryCache
from webdata_assets.store import Store
from webdata_assets.store.vectors import StoredVectors
from webdata_assets_tests.embed.tiny import tiny_encoder
from webdata_assets_tests.faults.killable_embed import BATCH, MOMENTS, TEXTS, Logging, records

ROOT = Path(__file__).parents[2]
KILLED_IN_BATCH = 4


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_after_a_kill_encodes_only_what_is_missing(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store, log = tmp_path / "store", tmp_path / "log"
    command = [sys.executable, "-m", "webdata_assets_tests.faults.killable_embed"]
    command += [str(store), str(log), moment, str(KILLED_IN_BATCH)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    monkeypatch.setattr(embed, "BATCH_CHUNKS", BATCH)
    cache, encoder = StoredVectors(Store.open(str(store)).tables), Logging(log)
    rows = embed.embed_records(records(), encoder, cache)
    assert rows.equals(embed.embed_records(records(), tiny_encoder(), MemoryCache()))
    encoded = Counter(log.read_text().splitlines())
    assert len(encoded) == TEXTS
    lost = {"in the encoder": BATCH // 2, "before the commit": BATCH, "after the commit": 0}[moment]
    assert encoded.total() - TEXTS == lost

    assert embed.embed_records(records(), encoder, cache).equals(rows)
    assert log.read_text().count("\n") == TEXTS + lost
