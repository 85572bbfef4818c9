"""`webdata export LAYER --format huggingface`: shards and card, as `datasets.load_dataset` reads them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from webdata_assets.cli.main import app
from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES, Table
from webdata_assets.stages.export import huggingface
from webdata_assets.stages.export import rows as export_rows
from webdata_assets.stages.export.dataset_card import dataset_card, size_category
from webdata_assets.stages.export.huggingface import write_dataset
from webdata_assets.stages.export.tally import Tally
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Said
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.interfaces.stored import ADMITTED, ROWS
from webdata_assets_tests.store.rows import frame, row

RECORDS = TABLES["records"]
PYTHON = REPOSITORY / ".webdata" / "callers" / "huggingface" / "bin" / "python"
LOADING = """
import json, sys
import datasets
loaded = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])["train"]
streamed = datasets.load_dataset(sys.argv[1], split="train", streaming=True)
print(json.dumps({
    "rows": loaded.num_rows, "columns": loaded.column_names,
    "ids": loaded["record_id"][:], "streamed": next(iter(streamed))["record_id"],
}))
"""


def export(*arguments: str) -> Said:
    result = CliRunner().invoke(app, ["export", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def front_matter(card: str) -> Any:
    return yaml.safe_load(card.split("---\n")[1])


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(out: Path, *frames: pl.DataFrame) -> int:
    return write_dataset(frames, RECORDS, out, licence="cc-by-4.0", facts={"software": "test"})


def test_the_folder_holds_the_admitted_rows_and_a_card_that_tells_of_them(
    store: Store, tmp_path: Path
) -> None:
    said = export("records", "--format", "huggingface", "--license", "cc-by-4.0", "--out", "set", "--json")
    assert said.json() == {
        "layer": "records", "path": "set", "rows": ROWS * len(ADMITTED), "partitions": 3, "left_out": 1,
    }  # fmt: skip
    shard = "data/train-00000-of-00001.parquet"
    assert set(files_of(tmp_path / "set")) == {"README.md", shard}
    expected = [store.read_admitted(RECORDS, partition) for partition in sorted(ADMITTED, key=str)]
    assert pl.read_parquet(tmp_path / "set" / shard).equals(pl.concat(expected))
    card = (tmp_path / "set" / "README.md").read_text()
    front = front_matter(card)
    assert (front["license"], front["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert front["dataset_info"]["splits"][0]["num_examples"] == ROWS * len(ADMITTED)
    assert front["dataset_info"]["download_size"] == (tmp_path / "set" / shard).stat().st_size
    assert "| demo_shop | https://demo_shop.example.com | 6 |" in card
    assert "9 rows of 2026-06-01 to 2026-06-02" in card
    assert "| partitions | 3 written, 1 not admitted |" in card
    assert str(tmp_path) not in card


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_the_card_names_each_column_with_the_type_that_the_file_has(table: Table, tmp_path: Path) -> None:
    front = front_matter(dataset_card(table, Tally(), licence="unknown", file_bytes=0, facts={}))
    features = {each["name"]: each for each in front["dataset_info"]["features"]}
    out = tmp_path / "rows.parquet"
    with out.open("xb") as file, huggingface.open_parquet(file, table.polars_schema, arrow_types=False):
        pass
    schema = pq.read_schema(out)
    assert list(features) == schema.names
    for field in schema:
        kind = field.type
        if str(kind).startswith("list"):
            assert as_arrow(features[field.name]["sequence"]) == str(kind.value_type)
        else:
            assert as_arrow(features[field.name]["dtype"]) == str(kind)


def as_arrow(name: str) -> str:
    """Return Arrow's word for a type's name on the hub."""
    return {"date32": "date32[day]", "float32": "float", "float64": "double"}.get(name, name)


def test_rows_are_cut_into_shards_that_together_hold_them_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "SHARD_BYTES", 1)
    monkeypatch.setattr(export_rows, "GROUP_ROWS", 4)
    held: list[int] = []

    def frames() -> Iterator[pl.DataFrame]:
        for start in range(0, 10, 2):
            held.append(len(list((tmp_path).rglob("data/*"))))
            yield frame("records", *(row("records", number=start + n) for n in range(2)))

    rows = write_dataset(frames(), RECORDS, tmp_path / "set", licence="unknown", facts={})
    assert rows == 10
    shards = sorted((tmp_path / "set" / "data").iterdir())
    assert [shard.name for shard in shards] == [f"train-{n:05d}-of-00003.parquet" for n in range(3)]
    read = pl.concat(pl.read_parquet(shard) for shard in shards)
    assert read["record_id"].to_list() == [f"{n:032x}" for n in range(10)]
    # files are written while rows come: no more than one group is held
    assert held == [0, 0, 1, 1, 2]


def test_equal_rows_give_equal_bytes_and_take_the_place_of_an_older_dataset(tmp_path: Path) -> None:
    rows = frame("records", *(row("records", number=n) for n in range(5)))
    write(tmp_path / "one", rows)
    write(tmp_path / "two", rows.head(2))
    write(tmp_path / "two", rows)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}


def test_a_failure_in_the_middle_leaves_the_old_dataset(tmp_path: Path) -> None:
    rows = frame("records", row("records"))
    write(tmp_path / "set", rows)
    before = files_of(tmp_path)

    def broken() -> Iterator[pl.DataFrame]:
        yield rows
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        write_dataset(broken(), RECORDS, tmp_path / "set", licence="unknown", facts={})
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [("work", "something that is no dataset has that name"), ("none/set", "in a folder that exists")],
)
def test_nobodys_work_is_replaced(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "README.md").touch()
    (tmp_path / "work" / "data" / "mine.csv").touch()
    with pytest.raises(PermanentError, match=told):
        write(tmp_path / name, frame("records", row("records")))
    assert (tmp_path / "work" / "data" / "mine.csv").exists()


def test_a_dataset_without_rows_is_refused_as_it_could_not_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="has no row to write"):
        write(tmp_path / "set", RECORDS.empty())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--license", "Do what you like"), "no identifier of the hub, such as cc-by-4.0"),
        (("--license", "mit", "--format", "csv"), "use --format huggingface"),
    ],
)
def test_a_licence_that_cannot_be_told_is_refused(
    store: Store, arguments: tuple[str, ...], told: str
) -> None:
    said = export("records", "--format", "huggingface", "--out", "set", *arguments)
    assert said.exit_code == 2
    assert told in said.stderr


def test_names_of_sites_are_no_markup_and_many_are_summed_up() -> None:
    tally = Tally()
    tally.add(frame("records", *(row("records", url=f"https://site{n}.test/a") for n in range(25))))
    tally.add(frame("records", *(row("records", url="https://<b>|`x`.test/a") for _ in range(2))))
    card = dataset_card(RECORDS, tally, licence="unknown", file_bytes=0, facts={})
    assert "| shop | https://&lt;b&gt;&#124;&#96;x&#96;.test | 2 |" in card
    assert "|  | 6 more sites | 6 |" in card


@pytest.mark.parametrize(
    ("rows", "name"), [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999_999, "10M<n<100M")]
)
def test_the_hub_has_a_name_for_each_size(rows: int, name: str) -> None:
    assert size_category(rows) == name


@pytest.mark.soak
@pytest.mark.parametrize("layer", ["records", "features"])
def test_the_hubs_own_library_loads_it(store: Store, tmp_path: Path, layer: str) -> None:
    if not PYTHON.exists():
        pytest.skip("needs the environment of datasets: make callers")
    assert export(layer, "--format", "huggingface", "--out", "set").exit_code == 0
    done = subprocess.run(
        [PYTHON, "-c", LOADING, tmp_path / "set", tmp_path / "cache"],
        env={"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["rows"] == ROWS * len(ADMITTED)
    assert loaded["columns"] == list(TABLES[layer].polars_schema)
    assert loaded["ids"][:ROWS] == [f"{n:032x}" for n in range(ROWS)]
    assert loaded["streamed"] == f"{0:032x}"
