"""The layout of files: small pages where rows are looked up, no dictionary where values never repeat."""

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from webdata_assets.schemas.fingerprints import BANDS, FINGERPRINTS
from webdata_assets.schemas.records import RECORDS
from webdata_assets_tests.store.rows import SHOP, frame, put, row


def encodings(store, table) -> dict[str, set[str]]:
    """Return how each column of the table's only file is encoded."""
    [path] = Path(store.location.table(table.name)).rglob("*.parquet")
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(at) for at in range(group.num_columns)]
    return {column.path_in_schema: set(column.encodings) for column in columns}


def test_texts_and_bands_are_written_without_a_dictionary_and_the_rest_with_one(store):
    for table in (RECORDS, FINGERPRINTS):
        put(store, table.name, frame(table.name, row(table.name), row(table.name, number=1)), SHOP)
    records, fingerprints = encodings(store, RECORDS), encodings(store, FINGERPRINTS)
    plain = [records["text"], *(fingerprints[band] for band in BANDS)]
    assert not any("RLE_DICTIONARY" in each for each in plain)
    assert "RLE_DICTIONARY" in records["kind"]
    assert "RLE_DICTIONARY" in fingerprints["method"]


def test_a_row_of_many_is_read_as_it_was_written(store):
    texts = {number: f"{number} " * 5_000 for number in range(60)}
    rows = frame("records", *(row("records", number=number, text=each) for number, each in texts.items()))
    put(store, "records", rows, SHOP)
    wanted = [f"{number:032x}" for number in (0, 17, 59)]
    found = store.tables.scan(RECORDS).filter(pl.col("record_id").is_in(wanted)).select("text").collect()
    assert found["text"].to_list() == [texts[0], texts[17], texts[59]]
