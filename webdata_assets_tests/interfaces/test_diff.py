"""`webdata diff`: two stores that are equal, and every way in which they differ."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from webdata_assets.cli.main import app
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Said
from webdata_assets_tests.interfaces.stored import BLOG, FAILED, SHOP, write
from webdata_assets_tests.servers.s3 import S3Place
from webdata_assets_tests.store.rows import DAY, NOON, admit, frame, put, row

RECORDS = TABLES["records"]


def diff(*arguments: object) -> Said:
    result = CliRunner().invoke(app, ["diff", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def differences(*arguments: object) -> list[tuple[Any, ...]]:
    said = diff("store", "other", "--json", *arguments)
    assert said.exit_code == 1
    return [tuple(each.values()) for each in said.json()["differences"]]


def test_stores_that_did_the_same_work_at_other_times_are_equal(store: Store, other: Store) -> None:
    write(other, "records", SHOP, 2, 1, 0)
    admit(other, "records", SHOP)
    store.tables.compact(RECORDS)
    said = diff("store", "other", "--json", "--rows")
    assert said.exit_code == 0
    assert (said.json()["equal"], said.json()["differences"], said.json()["rows"]) == (True, [], [])
    assert diff("store", "other").stdout == "store (first) and other (second): equal\n"


def test_each_state_is_told(store: Store, other: Store) -> None:
    write(other, "records", SHOP, 0, 1, 2)
    admit(other, "records", FAILED)
    write(store, "features", Partition(DAY, "new"), 0)
    assert differences() == [
        ("records", SHOP.key, "state", "admitted", "not checked"),
        ("records", FAILED.key, "state", "failed: schema", "admitted"),
        ("features", f"{DAY}|new", "state", "not checked", "absent"),
    ]
    layers = {layer["table"]: layer for layer in diff("store", "other", "--json").json()["layers"]}
    assert layers["records"]["first"] == {"admitted": 3, "failed": 1, "unchecked": 0}
    assert layers["records"]["second"] == {"admitted": 3, "failed": 0, "unchecked": 1}
    assert layers["records"]["different"] == 2


def test_another_content_and_another_code_are_told(store: Store, other: Store) -> None:
    rows = frame("records", row("records", SHOP, 7))
    version = put(other, "records", rows, SHOP, code_version="2")
    admit(other, "records", SHOP)
    before = store.ledger.admitted(RECORDS).filter(source="demo_shop", date=DAY)["data_version"].item()
    assert differences() == [
        ("records", SHOP.key, "data_version", before, version),
        ("records", SHOP.key, "code_version", "1", "2"),
    ]


def test_rows_are_counted_by_key_where_content_differs(store: Store, other: Store) -> None:
    rows = [row("records", SHOP, 1), row("records", SHOP, 2, title="Another"), row("records", SHOP, 3)]
    put(other, "records", frame("records", *rows, row("records", SHOP, 4)), SHOP)
    admit(other, "records", SHOP)
    admit(other, "records", FAILED)
    write(other, "records", BLOG, 9)
    counted = diff("store", "other", "--rows", "--json").json()["rows"]
    assert counted == [
        {"table": "records", "part": BLOG.key, "added": 0, "gone": 3, "changed": 0},
        {"table": "records", "part": SHOP.key, "added": 2, "gone": 1, "changed": 1},
        {"table": "records", "part": FAILED.key, "added": 3, "gone": 0, "changed": 0},
    ]


def test_rows_without_a_key_of_their_own_are_counted_too(store: Store, other: Store) -> None:
    for each, values in ((store, ["a", "a"]), (other, ["a", "b", "c"])):
        rows = [row("quarantine", SHOP, 0, value=value, field=None) for value in values]
        put(each, "quarantine", frame("quarantine", *rows, row("quarantine", SHOP, 1)), SHOP)
        admit(each, "quarantine", SHOP)
    counted = diff("store", "other", "--rows", "--json").json()["rows"]
    assert counted == [{"table": "quarantine", "part": SHOP.key, "added": 0, "gone": 0, "changed": 1}]


def released(store: Store, model: str | None, *, number: int = 1, at: dt.datetime = NOON) -> None:
    rows = {
        "release": number, "index_snapshot": "a1", "encoder": "model@1/8", "chunks": 3,
        "model_version": model, "reason": "first", "run_id": "run", "released_at": at,
    }  # fmt: skip
    put(store, "release", pl.DataFrame([rows], schema=TABLES["release"].polars_schema), None)
    admit(store, "release", None)


def test_releases_are_compared_by_what_they_pair_and_not_by_their_number(store: Store, other: Store) -> None:
    released(store, "m1")
    assert ("release", None, "in_use", "yes", "no") in differences()
    released(other, "m1", number=4, at=NOON + dt.timedelta(days=3))
    assert diff("store", "other").exit_code == 0
    released(other, "m2", number=5)
    assert differences() == [("release", None, "model_version", "m1", "m2")]


def delivered(store: Store, *sinks: str, state: str = "delivered", **values: object) -> None:
    rows = [
        {
            "sink": sink, "kind": "delta", "content": "records", "target": "delivered", "state": state,
            "rows": 3, "content_hash": "0" * 64, "corpus_version": "1" * 64, "inserted": 3, "updated": 0,
            "deleted": 0, "run_id": "run", **values,
        }
        for sink in sinks
    ]  # fmt: skip
    put(store, "delivery", pl.DataFrame(rows, schema=TABLES["delivery"].polars_schema), None)
    admit(store, "delivery", None)


def test_sinks_are_compared_one_by_one(store: Store, other: Store) -> None:
    delivered(store, "lake", "shop")
    delivered(other, "lake", inserted=0, updated=1)
    assert differences() == [("delivery", "shop", "state", "delivered", "absent")]
    delivered(other, "lake", "shop", state="failed", rows=2)
    assert differences() == [
        ("delivery", sink, what, *values)
        for sink in ("lake", "shop")
        for what, values in (("state", ("delivered", "failed")), ("rows", (3, 2)))
    ]


def test_settings_files_name_the_stores_whatever_the_environment_says(
    store: Store, other: Store, tmp_path: Path
) -> None:
    write(other, "records", SHOP, 7)
    (tmp_path / "staging.env").write_text("# staging\nWEBDATA_STORE=store\nWEBDATA_HOME=home\n")
    (tmp_path / "prod.env").write_text(f"WEBDATA_STORE={tmp_path}/other\n")
    said = diff("staging.env", "prod.env")
    assert said.exit_code == 1
    assert "staging.env (first) and prod.env (second): 1 difference" in said.stdout
    assert "not checked" in said.stdout
    assert diff("staging.env", "store").exit_code == 0


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("nowhere", "nowhere is neither a folder, nor an address"),
        ("empty", "empty: there is no store at empty"),
        ("empty.env", "empty.env names no WEBDATA_STORE: write WEBDATA_STORE=… into it"),
    ],
)
def test_what_is_no_store_is_an_error_and_not_a_difference(
    store: Store, tmp_path: Path, named: str, told: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.env").write_text("WEBDATA_HOME=home\n")
    for pair in (("store", named), (named, "store")):
        said = diff(*pair)
        assert said.exit_code == 2
        assert told in said.stderr


def test_many_differences_are_summed_up(store: Store, other: Store) -> None:
    rows = [row("records", SHOP, 0)]
    for number in range(35):
        put(store, "records", frame("records", *rows).clear(), Partition(DAY, f"source{number}"))
    said = diff("store", "other")
    assert "35 differences" in said.stdout
    assert "The first 30; 5 more with --json" in said.stdout


def test_an_object_store_is_compared_with_a_folder_by_the_credentials_of_its_file(
    s3_server: S3Place, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Store.open(s3_server.uri, options=s3_server.options, cache=tmp_path / "cache")
    write(remote, "records", SHOP, 0, 1)
    admit(remote, "records", SHOP)
    lines = [f"{name}={value}" for name, value in s3_server.environment.items()]
    for name in s3_server.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    (tmp_path / "prod.env").write_text("\n".join([f"WEBDATA_STORE={s3_server.uri}", *lines]))
    said = diff("store", "prod.env", "--rows", "--json")
    counted = {each["part"]: each for each in said.json()["rows"] if each["table"] == "records"}
    assert counted[SHOP.key] == {"table": "records", "part": SHOP.key, "added": 0, "gone": 1, "changed": 0}
