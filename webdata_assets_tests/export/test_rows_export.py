"""Rows of any table as Parquet, ORC, Arrow IPC and CSV, read back by other libraries."""

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES, Table
from webdata_assets.stages.export import rows as export_rows
from webdata_assets.stages.export.formats import FORMATS
from webdata_assets.stages.export.rows import write_rows
from webdata_assets_tests.store.rows import frame, row

READERS = {
    "parquet": pa.parquet.read_table,
    "orc": pa.orc.read_table,
    "arrow": lambda path: pa.ipc.open_file(pa.memory_map(str(path))).read_all(),
}
FIRST, LAST = dt.datetime(1678, 1, 1), dt.datetime(2262, 1, 1)  # noqa: DTZ001 (hypothesis adds the zone)


def values(dtype: pl.DataType) -> st.SearchStrategy[object]:
    """Return values of a column's type, null among them."""
    match dtype:
        case pl.String():
            strategy: st.SearchStrategy[object] = st.text(
                st.characters(exclude_categories=["Cs"]), max_size=8
            )
        case pl.Binary():
            strategy = st.binary(max_size=8)
        case pl.Boolean():
            strategy = st.booleans()
        case pl.Date():
            strategy = st.dates()
        case pl.Datetime():
            strategy = st.datetimes(FIRST, LAST, timezones=st.just(dt.UTC))
        case pl.Decimal():
            strategy = st.decimals(-(10**13), 10**13, places=4)
        case pl.List():
            strategy = st.lists(values(dtype.inner), max_size=3)
        case pl.Float32():
            strategy = st.floats(width=32)
        case pl.Float64():
            strategy = st.floats()
        case _:
            assert dtype.is_signed_integer(), f"no format of an export was tried with {dtype}"
            bits = 8 * int(pl.Series([0], dtype=dtype).estimated_size())
            strategy = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.none() | strategy


def frames_of(table: Table) -> st.SearchStrategy[pl.DataFrame]:
    schema = table.polars_schema
    rows = st.lists(st.tuples(*map(values, schema.dtypes())), max_size=3)
    return rows.map(lambda found: pl.DataFrame(found, schema=schema, orient="row"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def written(folder: Path, name: str, *frames: pl.DataFrame) -> Path:
    out = folder / f"rows{FORMATS[name].suffix}"
    assert write_rows(frames, frames[0].schema, out, FORMATS[name]) == sum(each.height for each in frames)
    return out


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_is_read_back_equal(name: str, table: Table) -> None:
    @settings(max_examples=8, deadline=None)
    @given(frames_of(table))
    def there_and_back(rows: pl.DataFrame) -> None:
        with tempfile.TemporaryDirectory() as folder:
            read = pl.from_arrow(READERS[name](written(Path(folder), name, rows)))
            assert isinstance(read, pl.DataFrame)
            assert read.cast(dict(rows.schema)).equals(rows)
            if name != "orc":
                assert read.schema == rows.schema

    there_and_back()


def test_orc_gives_types_of_its_own(folder: Path) -> None:
    read = READERS["orc"](
        written(folder, "orc", frame("records", row("records", quality_flags=["a"])))
    ).schema
    types = {name: str(read.field(name).type) for name in ("date", "price", "published_at", "quality_flags")}
    assert types == {
        "date": "date32[day]",
        "price": "decimal128(18, 4)",
        "published_at": "timestamp[ns, tz=UTC]",
        "quality_flags": "list<item: string>",
    }


@pytest.mark.parametrize("year", [1600, 2300])
def test_orc_refuses_moments_that_its_readers_cannot_hold(folder: Path, year: int) -> None:
    rows = frame("records", row("records", published_at=dt.datetime(year, 1, 1, tzinfo=dt.UTC)))
    with pytest.raises(PermanentError, match=f"published_at holds {year}.*parquet or arrow"):
        written(folder, "orc", rows)
    assert list(folder.iterdir()) == []
    assert pl.read_parquet(written(folder, "parquet", rows)).equals(rows)


@pytest.mark.parametrize("name", FORMATS)
def test_no_rows_give_a_file_with_the_columns(folder: Path, name: str) -> None:
    out = folder / f"rows{FORMATS[name].suffix}"
    assert write_rows([], TABLES["records"].polars_schema, out, FORMATS[name]) == 0
    if name == "csv":
        assert out.read_text().strip().split(",") == list(TABLES["records"].polars_schema)
    else:
        assert READERS[name](out).column_names == list(TABLES["records"].polars_schema)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_give_the_same_bytes(folder: Path, name: str) -> None:
    rows = frame("records", *(row("records", number=n) for n in range(50)))
    first = written(folder, name, rows).read_bytes()
    assert written(folder, name, rows).read_bytes() == first


def test_rows_are_written_in_groups_as_they_come(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_rows, "GROUP_ROWS", 20)
    held, told = [], []

    def frames() -> Iterator[pl.DataFrame]:
        for start in range(0, 90, 10):
            held.append(start)
            yield frame("records", *(row("records", number=start + n) for n in range(10)))

    out = folder / "rows.parquet"
    schema = TABLES["records"].polars_schema
    write_rows(
        frames(), schema, out, FORMATS["parquet"], progress=lambda rows: told.append((rows, len(held)))
    )
    assert told == [(20, 2), (40, 4), (60, 6), (80, 8), (90, 9)]
    assert pa.parquet.ParquetFile(out).num_row_groups == 5
    assert pa.parquet.ParquetFile(out).metadata.row_group(0).column(2).compression == "ZSTD"


def test_a_failure_in_the_middle_leaves_the_old_file(folder: Path) -> None:
    rows = frame("records", row("records"))
    out = written(folder, "parquet", rows)
    before = out.read_bytes()

    def broken() -> Iterator[pl.DataFrame]:
        yield rows
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        write_rows(broken(), rows.schema, out, FORMATS["parquet"])
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("rows.parquet", before)]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1+1", "＠SUM(1)", "'=1+1"]
)
def test_csv_disarms_formulas(folder: Path, text: str) -> None:
    out = written(folder, "csv", pl.DataFrame({"text": [text, "a=b", None, ""], "number": [-1, 2, 3, 4]}))
    cells = list(csv.DictReader(io.StringIO(out.read_bytes().decode(), newline="")))
    assert [cell["text"] for cell in cells] == [f"'{text}", "a=b", "", ""]
    assert cells[0]["number"] == "-1"


def test_csv_writes_lists_moments_and_bytes_as_text(folder: Path) -> None:
    rows = pl.DataFrame(
        {
            "list": [['a"b', "=c"], None],
            "moment": [dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), None],
            "bytes": [b"\x00\xff", None],
        }
    )
    cells = list(csv.DictReader(io.StringIO(written(folder, "csv", rows).read_text())))
    assert json.loads(cells[0]["list"]) == ['a"b', "=c"]
    assert (cells[0]["moment"], cells[0]["bytes"]) == ("2026-06-01T12:00:00.000000Z", "AP8=")
    assert set(cells[1].values()) == {""}
