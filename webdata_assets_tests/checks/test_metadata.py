"""What the UI is told by every asset and every check of a real run, from frontier to delivery."""

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.assets.tables import CELL_CHARACTERS
from webdata_assets.demo.server import DemoSite
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.lineage import LINEAGE
from webdata_assets_tests.deployment import Deployment

WORDS = ("detail", "threshold_origin")
"""What a check tells in words; all else are numbers."""
NUMBERS = (dg.FloatMetadataValue, dg.IntMetadataValue)
DAY = "2026-06-01"
DRAWN = re.compile(r"!\[[A-Za-z ,]+\]\(data:image/svg\+xml;base64,[A-Za-z0-9+/=]+\)")
"""A picture that lies in the metadata itself, and nothing beside it."""


def as_text(entry: dg.MetadataValue) -> bool:
    """Whether the UI shows an entry as it is: Markdown and URLs would load or follow what was crawled."""
    if isinstance(entry, dg.MarkdownMetadataValue):
        return DRAWN.fullmatch(entry.md_str or "") is not None
    return isinstance(
        entry,
        dg.TextMetadataValue
        | dg.PathMetadataValue
        | dg.TableMetadataValue
        | dg.TableColumnLineageMetadataValue
        | dg.TableSchemaMetadataValue,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Deployment]:
    """One partition of the shop, then everything unpartitioned."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.ephemeral() as instance, DemoSite() as site:
        demo = Deployment(folder, instance, dict(site.connect_to))
        demo.take_packaged("demo_shop")
        assert demo.run("crawl", f"{DAY}|demo_shop").success
        for job in ("retrain", "report", "maintain"):
            assert demo.run(job).success
        yield demo


def test_every_asset_and_check_tells_the_ui_plain_numbers_and_plain_text(ran):
    for name, table in TABLES.items():
        event = ran.instance.get_latest_materialization_event(dg.AssetKey(name))
        metadata = event.asset_materialization.metadata
        rows = "dagster/partition_row_count" if table.partitioned else "dagster/row_count"
        assert isinstance(metadata[rows].value, int), name
        assert metadata["dagster/uri"].value == ran.store.location.table(name)
        shown = {key: entry for key, entry in metadata.items() if not isinstance(entry, NUMBERS)}
        assert [key for key, entry in shown.items() if not as_text(entry)] == [], name
        assert any(isinstance(entry, NUMBERS) for entry in metadata.values()), name

    events = [
        entry.dagster_event.event_specific_data
        for run in ran.instance.get_runs()
        for entry in ran.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    ]
    assert {each.asset_key.to_user_string() for each in events} == set(TABLES)
    for evaluation in events:
        for key, entry in evaluation.metadata.items():
            wanted = dg.TextMetadataValue if key in WORDS else NUMBERS
            assert isinstance(entry, wanted), (evaluation.asset_check_key, key)


def test_data_versions_are_those_of_what_is_stored(ran):
    for name, table in TABLES.items():
        written = ran.store.ledger.states(table)
        assert written["admitted"].all(), name
        event = ran.instance.get_latest_materialization_event(dg.AssetKey(name))
        told = event.asset_materialization.tags["dagster/data_version"]
        assert told in {version[:16] for version in written["data_version"]}, name


@pytest.mark.parametrize("name", LINEAGE)
def test_a_column_that_is_carried_holds_nothing_but_values_of_the_column_above(ran, name):
    for above, columns in LINEAGE[name].carried.items():
        rows, origin = (
            ran.store.tables.scan(TABLES[each]).select(columns).collect() for each in (name, above)
        )
        for column in columns:
            strange = rows[column].drop_nulls().unique().to_list()
            known = origin[column].drop_nulls().unique().to_list()
            assert [value for value in strange if value not in known] == [], (above, column)


@pytest.mark.parametrize("name", [name for name in LINEAGE if not TABLES[name].partitioned])
def test_a_materialization_of_a_whole_table_has_the_lineage_of_its_columns(ran, name):
    event = ran.instance.get_latest_materialization_event(dg.AssetKey(name))
    lineage = event.asset_materialization.metadata["dagster/column_lineage"].value
    assert set(lineage.deps_by_column) == set(LINEAGE[name].origins)


def test_every_definition_has_its_columns_and_their_lineage(ran):
    for spec in ran.definitions().resolve_all_asset_specs():
        name = spec.key.to_user_string()
        columns = [column.name for column in spec.metadata["dagster/column_schema"].columns]
        assert columns == TABLES[name].polars_schema.names()
        if name in LINEAGE:
            lineage = spec.metadata["dagster/column_lineage"]
            assert set(lineage.deps_by_column) == set(LINEAGE[name].origins)


def test_nothing_that_was_crawled_can_be_followed(ran):
    """A URL in metadata is a link of the UI: none is of that type, wherever it stands."""
    for name in TABLES:
        event = ran.instance.get_latest_materialization_event(dg.AssetKey(name))
        for key, entry in event.asset_materialization.metadata.items():
            assert not isinstance(entry, dg.UrlMetadataValue), (name, key)


def test_tables_of_samples_hold_only_short_text_and_numbers(ran):
    for name in TABLES:
        event = ran.instance.get_latest_materialization_event(dg.AssetKey(name))
        for key, entry in event.asset_materialization.metadata.items():
            if isinstance(entry, dg.TableMetadataValue):
                cells = [cell for record in entry.records for cell in record.data.values()]
                assert all(isinstance(cell, int | float) or len(cell) <= CELL_CHARACTERS for cell in cells), (
                    key
                )
