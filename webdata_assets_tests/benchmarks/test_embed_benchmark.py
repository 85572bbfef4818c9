"""The benchmark of encoders: what its tables say, and that its chunks have the lengths that they claim."""

import json

import pytest

from webdata_assets_tests.benchmarks.embed import speed_table
from webdata_assets_tests.benchmarks.embed_contender import LENGTHS, OURS, PEER, make_files
from webdata_assets_tests.embed.tiny import tiny_encoder


def figures(speed: float) -> dict[str, list[float]]:
    lengths = {f"{length} tokens, {cores}": [speed, 2 * speed, 9 * speed] for length in LENGTHS
               for cores in ("one core", "all cores")}  # fmt: skip
    return {**lengths, "peak MB": [100.0, 120.0, 110.0]}


def test_medians_stand_beside_those_of_the_peer():
    rows = speed_table({OURS: figures(25), PEER: figures(10)})
    assert [row["chunks/CPU-s at 256"] for row in rows] == [50, 20]
    assert [row["× peer at 256"] for row in rows] == [2.5, 1.0]
    assert [row["peak MB"] for row in rows] == [110, 110]


def test_without_the_peer_there_is_no_ratio():
    (row,) = speed_table({OURS: figures(25)})
    assert not any("peer" in name for name in row)


def test_chunks_are_full(tmp_path, monkeypatch):
    from webdata_assets.stages.embed.encoders import checkpoint, minilm

    monkeypatch.setattr(checkpoint, "obtain_checkpoint", lambda _given: checkpoint.Checkpoint(b"", b""))
    monkeypatch.setattr(minilm, "ensure_encoder", lambda *_given, **_named: tmp_path)
    monkeypatch.setattr(minilm, "open_encoder", lambda *_given, **_named: tiny_encoder())
    (tmp_path / "cranfield").mkdir()
    (tmp_path / "cranfield" / "docs.jsonl").write_text(json.dumps({"text": "the and a b c " * 400}) + "\n")
    made = make_files(tmp_path, None, tmp_path, chunks=3)
    assert made["chunks"] == {128: 3, 256: 3}
    assert made["tokens"] == {128: pytest.approx(128), 256: pytest.approx(256)}
