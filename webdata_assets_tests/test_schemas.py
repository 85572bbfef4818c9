"""Schema classes say what their columns mean, and the tables fit together."""

import pytest

from webdata_assets.schemas import CHECK_RESULTS, TABLES, Table
from webdata_assets.schemas.documented import column_descriptions
from webdata_assets.schemas.pages import Pages

ALL = [*TABLES.values(), CHECK_RESULTS]


def test_docstrings_below_columns_are_their_descriptions() -> None:
    assert column_descriptions(Pages)["final_url"] == "Where redirects ended."


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_only_columns_have_descriptions(table: Table) -> None:
    assert set(column_descriptions(table.schema)) <= set(table.polars_schema)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_keys_and_unhashed_columns_are_columns(table: Table) -> None:
    assert {*table.key, *table.unhashed} <= set(table.polars_schema)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_a_key_is_part_of_the_content_hash(table: Table) -> None:
    assert not set(table.key) & table.unhashed


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_partitioned_tables_begin_with_the_partition(table: Table) -> None:
    assert not table.partitioned or list(table.polars_schema)[:2] == ["date", "source"]
