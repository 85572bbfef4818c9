"""`webdata export LAYER`: admitted rows of any layer as a file."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.store.rows import BLOG, DAY, SHOP, admit, frame, put, row

NEXT = Partition(DAY + dt.timedelta(days=1), "shop")


@pytest.fixture
def stored(webdata: Webdata) -> Webdata:
    """A store with two admitted partitions of the shop and one of the blog, whose checks failed."""
    store = Store.open(str(webdata.store))
    for partition, numbers in ((SHOP, (2, 0, 1)), (NEXT, (0,)), (BLOG, (0,))):
        put(store, "records", frame("records", *(row("records", partition, n) for n in numbers)), partition)
    admit(store, "records", SHOP)
    admit(store, "records", NEXT)
    admit(store, "records", BLOG, completeness=False)
    return webdata


def test_admitted_rows_are_written_by_date_source_and_key(stored: Webdata) -> None:
    said = stored("export", "records", "--out", "all.parquet", "--json")
    assert said.json() == {
        "layer": "records", "path": "all.parquet", "rows": 4, "partitions": 2, "left_out": 1,
    }  # fmt: skip
    rows = pl.read_parquet(stored.folder / "all.parquet")
    assert rows.schema == TABLES["records"].polars_schema
    assert rows.select("date", "source", "record_id").rows() == [
        *((DAY, "shop", f"{n:032x}") for n in range(3)), (NEXT.date, "shop", f"{0:032x}"),
    ]  # fmt: skip


def test_dates_and_sources_choose_partitions(stored: Webdata) -> None:
    arguments = ("--date", str(NEXT.date), "--format", "arrow", "--out", "one.arrow")
    assert (
        stored("export", "records", *arguments).stdout
        == "Wrote one.arrow: 1 rows; partitions: 1 written, 0 not admitted.\n"
    )
    assert pl.read_ipc(stored.folder / "one.arrow")["date"].to_list() == [NEXT.date]


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (["records", "--source", "blog"], "no partition of records for blog is admitted", 1),
        (["records", "--source", "blog", "--date", str(DAY)], "completeness failed", 1),
        (["records", "--source", "shop", "--source", "blog", "--date", str(DAY)], "completeness failed", 1),
        (["features"], "no partition of features for any date and source", 1),
        (["corpus"], "corpus was never materialized", 1),
        (["corpus", "--source", "shop"], "leave out date and source", 2),
        (["recrods"], "there is no table 'recrods'", 2),
        (["records", "--date", "today"], "YYYY-MM-DD", 2),
    ],
)
def test_what_cannot_be_exported_says_why_and_writes_nothing(
    stored: Webdata, arguments: list[str], told: str, code: int
) -> None:
    said = stored("export", *arguments, "--out", "none.parquet")
    assert said.exit_code == code
    assert told in said.stderr
    assert not (stored.folder / "none.parquet").exists()


def test_the_name_must_end_as_the_format(stored: Webdata) -> None:
    said = stored("export", "records", "--format", "orc", "--out", "rows.parquet")
    assert said.exit_code == 2
    assert "ends in .orc" in said.stderr


def test_an_unpartitioned_layer_is_exported_whole(stored: Webdata) -> None:
    store = Store.open(str(stored.store))
    corpus = pl.DataFrame(
        [
            {
                "source": "shop", "record_id": f"{n:032x}", "date": DAY, "state": "live", "kind": "product",
                "url": f"https://shop.example.com/{n}", "extra": "{}", "content_hash": f"{n:064x}",
            }
            for n in (1, 0)
        ],
        schema=TABLES["corpus"].polars_schema,
    )  # fmt: skip
    put(store, "corpus", corpus, None)
    admit(store, "corpus", None)
    assert stored("export", "corpus", "--out", "corpus.parquet").exit_code == 0
    assert pl.read_parquet(stored.folder / "corpus.parquet").equals(corpus.sort("record_id"))
