"""Sinks: the wanted state, nothing twice, nothing partial."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.delta import DeltaSink
from webdata_assets.stages.deliver.location import local_folder
from webdata_assets.stages.deliver.parquet import MANIFEST, ParquetSink
from webdata_assets.stages.deliver.rows import delivery_hash, delivery_rows
from webdata_assets.stages.hashing import row_hashes
from webdata_assets_tests.learn.samples import corpus, embeddings, features

SINKS = pytest.mark.parametrize("make", [DeltaSink, ParquetSink])
ROOT = Path(__file__).parents[2]


def rows(count=20, **columns):
    return delivery_rows(corpus(count, **columns), features(count), embeddings(count), None, None)


def files(folder):
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@SINKS
def test_the_first_merge_inserts_every_row(make, tmp_path):
    sink = make(tmp_path / "target")
    result = sink.merge(rows(), run_id="r1")
    assert (result.rows, result.inserted, result.updated, result.deleted) == (20, 20, 0, 0)
    assert result.content_hash == delivery_hash(rows())
    assert sink.read().equals(rows())


@SINKS
def test_the_same_rows_again_touch_no_file(make, tmp_path):
    sink = make(tmp_path)
    first = sink.merge(rows(), run_id="r1")
    before = files(tmp_path)
    again = sink.merge(rows().reverse(), run_id="r2")
    assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
    assert again.content_hash == first.content_hash
    assert {path: at for path, at in files(tmp_path).items() if not path.endswith(".lock")} == {
        path: at for path, at in before.items() if not path.endswith(".lock")
    }


@SINKS
def test_changed_new_and_vanished_rows_are_merged(make, tmp_path):
    sink = make(tmp_path)
    sink.merge(rows(20), run_id="r1")
    title = pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("New 'title'")).otherwise("title")
    wanted = rows(25, title=title).slice(2)
    result = sink.merge(wanted, run_id="r2")
    assert (result.rows, result.inserted, result.updated, result.deleted) == (23, 5, 1, 2)
    assert result.content_hash == delivery_hash(wanted)
    assert sink.read().equals(wanted)


@SINKS
def test_no_rows_empty_the_target(make, tmp_path):
    sink = make(tmp_path)
    assert sink.merge(rows(0), run_id="r0").rows == 0
    sink.merge(rows(), run_id="r1")
    result = sink.merge(rows(0), run_id="r2")
    assert (result.rows, result.deleted) == (0, 20)
    assert result.content_hash == delivery_hash(rows(0))


@SINKS
def test_a_target_that_was_never_written_reads_as_empty(make, tmp_path):
    assert make(tmp_path / "none").read().is_empty()


@SINKS
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: pl.concat([rows, rows]), "record_id occurs twice"),
        (lambda rows: rows.drop("price"), "rows to deliver have the schema"),
    ],
)
def test_rows_that_cannot_be_merged_by_key_are_refused(make, tmp_path, spoil, message):
    with pytest.raises(ValueError, match=message):
        make(tmp_path).merge(spoil(rows()), run_id="r1")


@SINKS
def test_a_folder_that_cannot_be_made_is_an_error_of_the_sink(make, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransientError, match="cannot be written") as caught:
        make(tmp_path / "file" / "target").merge(rows(), run_id="r1")
    assert caught.value.failure_domain is FailureDomain.SINK


@SINKS
def test_two_deliveries_at_once_end_in_one_of_the_two_states(make, tmp_path):
    for _ in range(2):
        processes = [start(make, tmp_path / "target", count, run_id=f"r{count}") for count in (20, 30)]
        assert [process.wait(timeout=60) for process in processes] == [0, 0]
        assert delivery_hash(make(tmp_path / "target").read()) in (hash_of(20), hash_of(30))


@SINKS
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_state(make, tmp_path):
    sink = make(tmp_path / "target")
    sink.merge(rows(20), run_id="r0")
    moments = random.Random(5)
    for number in range(4):
        process = start(make, tmp_path / "target", 20 + number % 2 * 10, run_id=f"r{number}", ready=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert delivery_hash(sink.read()) in (hash_of(20), hash_of(30))
    assert sink.merge(rows(30), run_id="last").content_hash == hash_of(30)


def hash_of(count):
    return delivery_hash(rows(count))


def start(make, target, count, *, run_id, ready=False):
    code = f"""
from webdata_assets.stages.deliver.{"delta" if make is DeltaSink else "parquet"} import {make.__name__}
from webdata_assets_tests.deliver.test_sinks import rows
import pyarrow.parquet, deltalake
wanted = rows({count})
if {ready}: print("ready", flush=True)
{make.__name__}({str(target)!r}).merge(wanted, run_id={run_id!r})
"""
    output = subprocess.PIPE if ready else None
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=output, text=True, env=os.environ)


def test_a_delta_merge_is_one_commit_that_names_the_run(tmp_path):
    sink = DeltaSink(tmp_path)
    sink.merge(rows(20), run_id="r1")
    before = DeltaTable(tmp_path).version()
    sink.merge(rows(25).slice(2), run_id="r2")
    table = DeltaTable(tmp_path)
    assert table.version() == before + 1
    assert table.history(1)[0]["run_id"] == "r2"
    sink.merge(rows(25).slice(2), run_id="r3")
    assert DeltaTable(tmp_path).version() == before + 1


def test_a_delta_table_that_was_edited_is_brought_back(tmp_path):
    sink = DeltaSink(tmp_path)
    sink.merge(rows(), run_id="r1")
    DeltaTable(tmp_path).update(updates={"title": "'edited'"}, predicate="url = 'https://www.site-3.test/3'")
    result = sink.merge(rows(), run_id="r2")
    assert result.updated == 1
    assert result.content_hash == delivery_hash(rows())


def test_a_parquet_target_names_its_file_and_keeps_the_one_before(tmp_path):
    sink = ParquetSink(tmp_path)
    for count in (10, 20, 30):
        sink.merge(rows(count), run_id=f"r{count}")
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["rows"] == 30
    assert manifest["run_id"] == "r30"
    assert manifest["content_hash"] == delivery_hash(rows(30))
    assert pl.read_parquet(tmp_path / manifest["file"]).equals(rows(30))
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".parquet") == [
        ".lock", MANIFEST,
    ]  # fmt: skip


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"file": "../secret.parquet"}'])
def test_a_manifest_that_is_not_ours_is_refused(tmp_path, manifest):
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(PermanentError, match="not a delivery's manifest"):
        ParquetSink(tmp_path).merge(rows(), run_id="r1")


def test_a_lost_parquet_file_is_written_again(tmp_path):
    sink = ParquetSink(tmp_path)
    sink.merge(rows(), run_id="r1")
    next(tmp_path.glob("*.parquet")).unlink()
    assert sink.merge(rows(), run_id="r2").content_hash == delivery_hash(rows())


def test_addresses_are_folders_or_file_urls(tmp_path):
    assert local_folder(str(tmp_path)) == local_folder(tmp_path) == tmp_path
    assert local_folder(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    with pytest.raises(PermanentError, match="s3://bucket/x is not a folder of this machine"):
        local_folder("s3://bucket/x")


def test_the_row_hash_of_what_is_read_back_is_the_one_that_was_sent(tmp_path):
    sink = DeltaSink(tmp_path)
    sink.merge(rows(), run_id="r1")
    held = sink.read()
    assert row_hashes(held, exclude={"row_hash"}).to_list() == rows()["row_hash"].to_list()
