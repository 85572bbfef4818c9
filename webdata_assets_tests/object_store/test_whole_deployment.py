"""A whole deployment with its store on a real S3 server holds what one in a folder holds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets_tests.object_store.deployments import DemoDeployment
from webdata_assets_tests.servers.s3 import S3Place, S3Server

DATES = 1
SOURCE = "demo_blog"


@dataclass(frozen=True)
class Both:
    """The same work done twice."""

    local: DemoDeployment
    on_s3: DemoDeployment
    requests: tuple[int, int]


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path, shared_s3: S3Server
) -> Iterator[Both]:
    folder, place = tmp_path_factory.mktemp("both"), S3Place(shared_s3)
    with dg.DagsterInstance.ephemeral() as one, dg.DagsterInstance.ephemeral() as other:
        local = DemoDeployment.make(folder / "local", encoder_folder, instance=one)
        on_s3 = DemoDeployment.make(folder / "s3", encoder_folder, place.uri, place.environment, other)
        told = [deployment.tell(dates=DATES, sources=[SOURCE]) for deployment in (local, on_s3)]
        assert [summary.healthy for summary in told] == [True, True]
        assert told[0].content_hash == told[1].content_hash
        yield Both(local, on_s3, (told[0].requests, told[1].requests))


def test_every_table_has_the_content_hash_of_the_local_one(both: Both) -> None:
    assert both.on_s3.hashes() == both.local.hashes()
    assert both.requests[0] == both.requests[1]


def test_payloads_and_blobs_are_the_same_bytes(both: Both) -> None:
    assert both.on_s3.payloads() == both.local.payloads()


def test_the_index_holds_the_same_chunks(both: Both) -> None:
    assert both.on_s3.index_rows() == both.local.index_rows()
    assert both.on_s3.index_rows()


def test_no_spool_and_no_store_is_left_on_this_machine(both: Both) -> None:
    keys = [info.key for info in both.on_s3.open().location.objects().list()]
    assert not [key for key in keys if key.startswith("spool/")]
    assert {key.partition("/")[0] for key in keys} >= {"tables", "index", "reports", "delivered"}
    assert not (both.on_s3.home / "store").exists()
    assert not list((both.on_s3.home / "cache").rglob("*.entries"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "kettle garden", "--mode", "text", "--json"),
        ("status", "--json"),
        ("model", "history", "--json"),
    ],
    ids=" ".join,
)
def test_commands_answer_the_same(both: Both, arguments: tuple[str, ...]) -> None:
    local, on_s3 = (json.loads(each(*arguments)) for each in (both.local, both.on_s3))
    if arguments[0] == "search":
        local, on_s3 = ([hit["record_id"] for hit in answer["hits"]] for answer in (local, on_s3))
        assert local
    assert on_s3 == local


def test_exports_are_the_same_files(both: Both, tmp_path: Path) -> None:
    written = []
    for number, each in enumerate((both.local, both.on_s3)):
        each("export", "records", "--out", str(tmp_path / f"{number}.csv"), "--format", "csv")
        each("export", "chunks", "--out", str(tmp_path / f"{number}.parquet"))
        written.append((tmp_path / f"{number}.csv").read_bytes())
    assert written[0] == written[1]
    assert (tmp_path / "1.parquet").stat().st_size == (tmp_path / "0.parquet").stat().st_size


def test_a_payload_is_written_as_a_file(both: Both, tmp_path: Path) -> None:
    store = both.on_s3.open()
    partition = Partition(store.ledger.admitted(TABLES["pages"]).item(0, "date"), SOURCE)
    pages = store.tables.read_partition(TABLES["pages"], partition).drop_nulls("payload")
    out = tmp_path / "page"
    both.on_s3("payload", pages["payload_hash"][0], "--out", str(out))
    assert out.read_bytes() == pages["payload"][0]


def test_a_report_can_be_opened(both: Both) -> None:
    answer = json.loads(both.on_s3("report", "--json"))
    assert Path(answer["path"]).read_bytes().startswith(b"<!doctype html>")
    assert Path(answer["path"]).is_relative_to(both.on_s3.home)
