"""Column lineage names what is there, and what an asset reads."""

import pytest

from webdata_assets.definitions import build_defs
from webdata_assets.io_managers.table_schema import column_lineage, column_schema
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.lineage import LINEAGE, Lineage
from webdata_assets.settings import Settings

WITHOUT = {"frontier", "slo", "quality_report", "storage"}
"""Made from source files, from Dagster's events, and from numbers of all kinds."""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The assets that each asset reads, as the graph has them."""
    settings = Settings(_env_file=None, home=tmp_path_factory.mktemp("home"))
    return {
        spec.key.to_user_string(): {dep.asset_key.to_user_string() for dep in spec.deps}
        for spec in build_defs(settings=settings).resolve_all_asset_specs()
    }


def test_every_table_of_the_graph_declares_its_lineage() -> None:
    assert set(LINEAGE) == set(TABLES) - WITHOUT


@pytest.mark.parametrize("name", LINEAGE)
def test_lineage_is_between_columns_that_there_are(name: str) -> None:
    for column, origins in LINEAGE[name].origins.items():
        assert column in TABLES[name].polars_schema, column
        for origin in origins:
            assert origin.column in TABLES[origin.table].polars_schema, (column, origin)


@pytest.mark.parametrize("name", LINEAGE)
def test_lineage_follows_the_arrows_of_the_graph(name: str, upstream: dict[str, set[str]]) -> None:
    found = {origin.table for origins in LINEAGE[name].origins.values() for origin in origins}
    assert found <= upstream[name]


@pytest.mark.parametrize("name", LINEAGE)
def test_a_carried_column_keeps_its_type(name: str) -> None:
    for table, columns in LINEAGE[name].carried.items():
        for column in columns:
            assert TABLES[name].polars_schema[column] == TABLES[table].polars_schema[column], column


@pytest.mark.parametrize("name", LINEAGE)
def test_a_column_is_carried_or_derived_but_not_both(name: str) -> None:
    lineage = LINEAGE[name]
    carried = [column for columns in lineage.carried.values() for column in columns]
    assert len(carried) == len(set(carried))
    assert not set(carried) & set(lineage.derived)


def test_origins_are_told_to_dagster() -> None:
    deps = column_lineage(TABLES["corpus"]).deps_by_column["gone_on"]
    assert {(dep.asset_key.to_user_string(), dep.column_name) for dep in deps} == {
        ("pages", "outcome"), ("pages", "date"), ("records", "date"),
    }  # fmt: skip


def test_a_columns_description_says_what_it_is_made_from() -> None:
    columns = {column.name: column for column in column_schema(TABLES["changes"]).columns}
    assert (columns["previous_content_hash"].description or "") == "From records.content_hash."
    assert (columns["changed_fields"].description or "").endswith("columns of records.")


def test_a_columns_bounds_are_constraints() -> None:
    columns = {column.name: column for column in column_schema(TABLES["pages"]).columns}
    assert columns["http_status"].constraints.other == ["min 100", "max 599"]
    assert columns["url"].constraints.unique


def test_a_column_named_twice_is_one_origin() -> None:
    assert len(Lineage(derived={"a": "pages.url pages.url"}).origins["a"]) == 1
