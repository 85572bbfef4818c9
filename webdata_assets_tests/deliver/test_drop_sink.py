"""The drop: what consumers of its folders find."""

import json
from pathlib import Path

import polars as pl
import pytest
from blake3 import blake3

from webdata_assets.errors import PermanentError
from webdata_assets.stages.deliver import drop as drop_sink
from webdata_assets.stages.deliver.drop import LATEST, MANIFEST, DropSink
from webdata_assets.stages.deliver.file_formats import encode
from webdata_assets.stages.deliver.sink import OvertakenError, Shape, Sink
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, files, numbered


def drop(address: str, shape: Shape) -> Sink:
    return DropSink(address, shape)


class TestDrop(SinkContract):
    make = staticmethod(drop)

    @pytest.fixture
    def address(self, tmp_path):
        return str(tmp_path / "target")

    def spoil(self, monkeypatch, address):
        monkeypatch.setattr(drop_sink, "encode", lambda rows, file_format: encode(rows.slice(1), file_format))

    def snapshot(self, address):
        return list(files(Path(address)))


def folder_of(root):
    return root / json.loads((root / LATEST).read_text())["folder"]


def test_a_delivery_is_a_folder_with_rows_changes_and_manifest(tmp_path):
    sink = DropSink(tmp_path, WIDE)
    deliver(sink, numbered(20), 1)
    deliver(sink, pl.concat([numbered(1, first=3, title="New"), numbered(20, first=5)]), 2, run_id="r2")
    folder = folder_of(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "changes.parquet", "data.parquet", "manifest.json",
    ]  # fmt: skip
    changed = pl.read_parquet(folder / "changes.parquet")
    assert dict(changed["change"].value_counts().iter_rows()) == {"insert": 5, "update": 1, "delete": 4}
    assert changed.filter(change="update")["title"].to_list() == ["New 3"]
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest == json.loads((tmp_path / LATEST).read_text())
    assert (manifest["rows"], manifest["run_id"], manifest["deleted"]) == (21, "r2", 4)
    assert manifest["files"] == {
        name: blake3((folder / name).read_bytes()).hexdigest() for name in ("data.parquet", "changes.parquet")
    }


def test_only_the_newest_deliveries_are_kept(tmp_path):
    sink = DropSink(tmp_path, WIDE, keep=3)
    for sequence in range(1, 7):
        deliver(sink, numbered(sequence), sequence)
    kept = sorted(int(path.name.split("-")[0]) for path in (tmp_path / "deliveries").iterdir())
    assert kept == [4, 5, 6]


def test_a_folder_without_manifest_is_finished_or_removed(tmp_path):
    sink = DropSink(tmp_path, WIDE)
    deliver(sink, numbered(3), 1)
    (folder_of(tmp_path) / MANIFEST).unlink()
    lost = tmp_path / "deliveries" / f"{0:012d}-{'0' * 16}"
    lost.mkdir()
    (lost / "data.parquet").write_bytes(b"torn")
    deliver(sink, numbered(3), 1)
    assert (folder_of(tmp_path) / MANIFEST).is_file()
    assert not lost.exists()


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_manifest_that_is_not_ours_is_refused(tmp_path, content):
    (tmp_path / LATEST).write_text(content)
    with pytest.raises(PermanentError, match="not a delivery's manifest"):
        deliver(DropSink(tmp_path, WIDE), numbered(1), 1)


def test_at_least_one_delivery_is_kept(tmp_path):
    with pytest.raises(PermanentError, match="at least 1 delivery, not 0"):
        DropSink(tmp_path, WIDE, keep=0)


def test_a_delivery_whose_files_a_newer_one_removes_is_overtaken(tmp_path, monkeypatch):
    sink = DropSink(tmp_path, WIDE)
    deliver(sink, numbered(3), 1)
    put, overtaken = sink._folder.put, []

    def put_and_be_overtaken(key, content):
        put(key, content)
        if key.endswith("changes.parquet") and not overtaken:
            overtaken.append(key)
            deliver(DropSink(tmp_path, WIDE), numbered(9), 20)

    monkeypatch.setattr(sink._folder, "put", put_and_be_overtaken)
    with pytest.raises(OvertakenError):
        deliver(sink, numbered(5), 10)
    assert overtaken
    assert sink.read().height == 9
