"""The file sink: formats, manifests, and what lies in the folder."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import strategies as st
from pyarrow import orc

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver import files as files_sink
from webdata_assets.stages.deliver.file_formats import FORMATS, decode, encode
from webdata_assets.stages.deliver.files import MANIFEST, FilesSink
from webdata_assets.stages.deliver.location import local_folder
from webdata_assets.stages.deliver.sink import OvertakenError, Shape, Sink
from webdata_assets_tests.deliver.sink_contract import (
    WIDE,
    SinkContract,
    deliver,
    files,
    frame,
    numbered,
    short_story,
)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def parquet(address: str, shape: Shape) -> Sink:
    return FilesSink(address, shape)


def orc_files(address: str, shape: Shape) -> Sink:
    return FilesSink(address, shape, format="orc")


def arrow(address: str, shape: Shape) -> Sink:
    return FilesSink(address, shape, format="arrow")


def lose_rows(monkeypatch):
    """Files hold one row less than was sent."""
    monkeypatch.setattr(files_sink, "encode", lambda rows, file_format: encode(rows.slice(1), file_format))


class FilesContract(SinkContract):
    @pytest.fixture
    def address(self, tmp_path):
        return str(tmp_path / "target")

    def spoil(self, monkeypatch, address):
        lose_rows(monkeypatch)

    def snapshot(self, address):
        return list(files(Path(address)))


class TestParquet(FilesContract):
    make = staticmethod(parquet)


@pytest.mark.soak
class TestOrc(FilesContract):
    make = staticmethod(orc_files)
    kills = 1
    values: ClassVar = {
        "seen_at": st.integers(-(2**53), 2**53).map(lambda number: EPOCH + dt.timedelta(microseconds=number))
    }


@pytest.mark.soak
class TestArrow(FilesContract):
    make = staticmethod(arrow)
    kills = 1


VECTORS = Shape(
    "chunk_id",
    pl.Schema({"chunk_id": pl.String(), "vector": pl.List(pl.Float32()), "row_hash": pl.String()}),
)


@pytest.mark.parametrize("file_format", FORMATS)
def test_vectors_are_kept(file_format):
    rows = pl.DataFrame(
        {"chunk_id": ["a", "b", "c"], "vector": [[0.1, -1.5], None, []], "row_hash": ["x", "y", "z"]},
        schema=VECTORS.schema,
    )
    assert decode(encode(rows, file_format), file_format, VECTORS.schema).equals(rows)


@pytest.mark.parametrize("file_format", FORMATS)
def test_rows_are_merged_and_an_older_delivery_is_refused(tmp_path, file_format):
    short_story(FilesSink(tmp_path, WIDE, format=file_format))


def test_other_programs_read_each_format(tmp_path):
    rows = numbered(5)
    readers = {"parquet": pa.parquet.read_table, "orc": orc.read_table, "arrow": read_arrow}
    for file_format, read in readers.items():
        sink = FilesSink(tmp_path / file_format, WIDE, format=file_format)
        deliver(sink, rows, 1)
        manifest = json.loads((tmp_path / file_format / MANIFEST).read_text())
        table = read(tmp_path / file_format / manifest["file"])
        assert table["record_id"].to_pylist() == rows["record_id"].to_list()
        assert table["price"].to_pylist() == rows["price"].to_list()


def read_arrow(path):
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def test_a_moment_that_orc_would_lose_is_refused(tmp_path):
    rows = frame([{"record_id": "a", "seen_at": dt.datetime(1066, 10, 14, tzinfo=dt.UTC)}])
    with pytest.raises(PermanentError, match="seen_at has others: deliver as parquet"):
        deliver(FilesSink(tmp_path, WIDE, format="orc"), rows, 1)
    assert FilesSink(tmp_path, WIDE, format="orc").read().is_empty()


def test_the_manifest_names_the_file_and_the_one_before_is_kept(tmp_path):
    sink = FilesSink(tmp_path, WIDE)
    for count in (10, 20, 30):
        deliver(sink, numbered(count), count, run_id=f"r{count}")
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert (manifest["rows"], manifest["run_id"], manifest["sequence"]) == (30, "r30", 30)
    assert pl.read_parquet(tmp_path / manifest["file"]).equals(numbered(30))
    assert pl.read_parquet(tmp_path / manifest["previous"]).equals(numbered(20))
    assert len(list(tmp_path.glob("*.parquet"))) == 2


def test_a_file_that_a_kill_left_is_dropped_by_a_later_delivery(tmp_path):
    sink = FilesSink(tmp_path, WIDE)
    deliver(sink, numbered(5), 3)
    for name in (f"rows-{4:012d}-{'0' * 16}.parquet", f"rows-{9:012d}-{'0' * 16}.parquet", ".delivery-x"):
        (tmp_path / name).write_bytes(b"torn")
    (tmp_path / "README").write_text("of the operator")
    deliver(sink, numbered(6), 5)
    left = {path.name for path in tmp_path.iterdir()}
    # that of delivery 9 may still be on its way
    assert f"rows-{9:012d}-{'0' * 16}.parquet" in left
    assert not left & {f"rows-{4:012d}-{'0' * 16}.parquet", ".delivery-x"}
    assert "README" in left


def test_a_delivery_whose_file_a_newer_one_removes_is_overtaken(tmp_path, monkeypatch):
    sink = FilesSink(tmp_path, WIDE)
    deliver(sink, numbered(3), 1)
    put = sink._folder.put

    def put_and_be_overtaken(key, content):
        put(key, content)
        deliver(FilesSink(tmp_path, WIDE), numbered(9), 20)

    monkeypatch.setattr(sink._folder, "put", put_and_be_overtaken)
    with pytest.raises(OvertakenError):
        deliver(sink, numbered(5), 10)
    assert sink.read().height == 9


def test_a_folder_of_before_sequences_is_read_and_merged_into(tmp_path):
    name = "rows-0123456789abcdef.parquet"
    numbered(10).write_parquet(tmp_path / name)
    manifest = {"file": name, "rows": 10, "content_hash": "0" * 64, "run_id": "r1"}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    sink = FilesSink(tmp_path, WIDE)
    assert sink.read().equals(numbered(10))
    result = deliver(sink, numbered(12), 1)
    assert (result.inserted, result.updated, result.deleted) == (2, 0, 0)
    deliver(sink, numbered(13), 2)
    assert not (tmp_path / name).exists()


def test_the_format_of_a_folder_can_change(tmp_path):
    deliver(FilesSink(tmp_path, WIDE), numbered(10), 1)
    orc_sink = FilesSink(tmp_path, WIDE, format="orc")
    assert orc_sink.read().equals(numbered(10))
    deliver(orc_sink, numbered(11), 2)
    assert FilesSink(tmp_path, WIDE).read().equals(numbered(11))


def test_a_lost_file_is_written_again(tmp_path):
    sink = FilesSink(tmp_path, WIDE)
    deliver(sink, numbered(10), 1)
    next(tmp_path.glob("*.parquet")).unlink()
    assert sink.read().is_empty()
    deliver(sink, numbered(10), 1)
    assert sink.read().equals(numbered(10))


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"file": "../x.parquet", "rows": 1, "content_hash": "", "run_id": ""}']
)
def test_a_manifest_that_is_not_ours_is_refused(tmp_path, manifest):
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(PermanentError, match="not a delivery's manifest") as caught:
        deliver(FilesSink(tmp_path, WIDE), numbered(1), 1)
    assert caught.value.failure_domain is FailureDomain.SINK


def test_a_folder_that_cannot_be_made_is_an_error_of_the_sink(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransientError, match="cannot be written") as caught:
        deliver(FilesSink(tmp_path / "file" / "target", WIDE), numbered(1), 1)
    assert caught.value.failure_domain is FailureDomain.SINK


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(PermanentError, match="csv is no file format"):
        FilesSink(tmp_path, WIDE, format="csv")


def test_addresses_are_folders_or_file_urls(tmp_path):
    assert local_folder(str(tmp_path)) == local_folder(tmp_path) == tmp_path
    assert local_folder(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    with pytest.raises(PermanentError, match="is not a folder of this machine"):
        local_folder("file://elsewhere/x")


def test_files_are_readable_by_others_as_the_mask_says(tmp_path):
    code = f"""
import os; os.umask(0o027)
from webdata_assets.stages.deliver.files import FilesSink
from webdata_assets_tests.deliver.sink_contract import WIDE, deliver, numbered
deliver(FilesSink({str(tmp_path)!r}, WIDE), numbered(1), 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=os.environ)
    assert (tmp_path / MANIFEST).stat().st_mode & 0o777 == 0o640
