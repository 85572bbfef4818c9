"""The examples of docs/machines.md: other engines copy the records table, and its content hash stays."""

import datetime as dt
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.hashing import content_hash
from webdata_assets.store import Store
from webdata_assets_tests.store.rows import BLOG, DAY, NOON, SHOP, frame, put, row

DOCUMENT = Path(__file__).parents[2] / "docs" / "machines.md"
NEXT_DAY = Partition(DAY + dt.timedelta(days=1), "shop")


def example(word: str) -> str:
    """Return the Python example that has a word."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    [found] = [block for block in blocks if word in block]
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with three partitions of records: nulls, unicode, newlines, decimals, lists, moments."""
    store = Store.open(str(tmp_path / "store"))
    odd = {
        "title": "„Lampe“ \U0001f4a1, 'it' \"shines\"\n\tand\\ \u2028 more",
        "price": Decimal("99999999999999.9999"),
        "rating": 4.25,
        "rating_count": 2**53 + 1,
        "published_at": NOON + dt.timedelta(microseconds=1),
        "breadcrumbs": ["Home", "", "Gärten"],
        "quality_flags": [],
    }
    for partition, rows in ((SHOP, [odd, {}]), (BLOG, [{"price": Decimal("-0.0001")}]), (NEXT_DAY, [odd])):
        made = [row("records", partition, number, **values) for number, values in enumerate(rows)]
        put(store, "records", frame("records", *made), partition)
    return store


def run(code: str, store: Store, target: Path, *renamed: tuple[str, str], as_script: bool = False) -> str:
    """Run an example on the store's records; return the content hash of the table that it wrote."""
    for old, new in (
        (".webdata/store/tables/records", store.location.table("records")),
        ("my_records", str(target)),
        *renamed,
    ):
        assert old in code
        code = code.replace(old, new)
    if as_script:
        script = target.with_name("copy_records.py")
        script.write_text(code)
        subprocess.run([sys.executable, str(script)], check=True, timeout=300)
    else:
        exec(compile(code, str(DOCUMENT), "exec"), {})
    return content_hash(pl.read_delta(str(target)), sort_by=RECORDS.key)


def expected(store: Store) -> str:
    return content_hash(store.tables.read(RECORDS), sort_by=RECORDS.key)


def test_pandas_reads_and_writes_records(store, tmp_path):
    assert run(example("to_pyarrow_table().to_pandas"), store, tmp_path / "copy") == expected(store)


def test_dask_dataframe_reads_and_writes_records(store, tmp_path):
    pytest.importorskip("dask.dataframe", reason="needs dask[dataframe], of the extra dev")
    assert run(example("dask.dataframe"), store, tmp_path / "copy") == expected(store)


def test_pyspark_reads_and_writes_records(store, tmp_path):
    pytest.importorskip("zstandard", reason="needs pyspark-client, of the extra dev")
    pysail = pytest.importorskip("pysail.spark", reason="needs pysail, of the extra dev")
    server = pysail.SparkConnectServer()
    server.start(background=True)
    try:
        address = ("sc://localhost:15002", f"sc://localhost:{server.listening_address[1]}")
        # as a script: PySpark takes a process without a main file, as a test's worker is, for a doctest
        assert run(example("pyspark"), store, tmp_path / "copy", address, as_script=True) == expected(store)
    finally:
        server.stop()
