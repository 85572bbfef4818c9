"""What a person sees of the demo: a red check, its repair, and the whole graph. Tests run in this order."""

from collections.abc import Callable

import pytest

from webdata_assets.assets.describe import GROUPS
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.ui.conftest import BROKEN, Ui, visible

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

WEEK = "[2026-06-01...2026-06-07]"
TakePicture = Callable[[str], None]


def shortened(name: str) -> str:
    """Return an asset's name as the graph shows it: at most 18 characters, without its middle."""
    return name if len(name) <= 18 else f"{name[:6]}…{name[-11:]}"


def open_check_partitions(ui: Ui) -> None:
    """Open the completeness check's partitions of the demo's week, at the broken one."""
    page = ui.page
    ui.open("/assets/records?view=checks&checkDetail=completeness")
    page.get_by_role("tab", name="Partitions").nth(1).click()
    dates = page.get_by_placeholder("ex: 2026-06-01")
    dates.fill(WEEK)
    dates.press("Enter")
    for part in BROKEN.split("|"):
        visible(page, part).click()
    expect(visible(page, BROKEN)).to_be_visible()
    page.evaluate(
        "document.activeElement.blur(); document.querySelectorAll('*').forEach(e => e.scrollTo(0, 0))"
    )


def fill_viewport_with_graph(ui: Ui) -> None:
    """Fold the list beside the graph, and zoom in by a step; the wheel pans."""
    ui.page.get_by_role("button", name="panel_show_right").click()
    ui.page.mouse.move(700, 820)
    ui.page.mouse.wheel(-132, 0)
    ui.page.get_by_role("button", name="zoom_in").click()
    ui.page.wait_for_timeout(500)  # of animation


def test_the_failed_partition_is_red_and_says_what_to_do(
    seeded: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    open_check_partitions(ui)
    for text in ("Failed (1)", "Passed (2)"):
        expect(visible(ui.page, text)).to_be_visible()
    expect(ui.page.get_by_text("price found in 0%, expected 95%")).to_be_visible()
    expect(ui.page.get_by_text("patch demo_shop's extract.fields")).to_be_visible()
    take_picture("checks-red")


def test_the_replayed_partition_is_green(healed: Deployment, ui: Ui, take_picture: TakePicture) -> None:
    open_check_partitions(ui)
    for text in ("Failed (0)", "Passed (3)"):
        expect(visible(ui.page, text)).to_be_visible()
    expect(ui.page.get_by_text("View all historical executions (2)")).to_be_visible()
    expect(ui.page.get_by_text("expected 95%")).to_have_count(0)
    take_picture("checks-green")


def test_the_overview_shows_columns_with_their_origin_and_bounds_and_leads_to_the_code(
    healed: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    ui.open("/assets/records?view=overview")
    for text in (
        "unique: record_id",
        "From pages.url.",
        "max length 2000",
        "data",
        "layer: records",
        "records.py",
        "schema of a row",
    ):
        expect(visible(ui.page, text)).to_be_visible()
    take_picture("asset-overview")


def test_the_graph_shows_every_layer(healed: Deployment, ui: Ui, take_picture: TakePicture) -> None:
    groups = sorted(set(GROUPS.values()))
    ui.open("/asset-groups?expanded=" + ",".join(f"global@global:{group}" for group in groups))
    for name in {*groups, *GROUPS}:
        expect(visible(ui.page, shortened(name))).to_be_visible()
    fill_viewport_with_graph(ui)
    take_picture("asset-graph")


def test_the_partitions_of_an_asset_are_a_grid_of_date_and_source(
    healed: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    ui.open(f"/assets/records?view=partitions&date_range={WEEK}&partition={BROKEN}")
    for text in ("28 Partitions Selected", "Materialized (3)", "Missing (25)", "Failed (0)", BROKEN):
        expect(visible(ui.page, text)).to_be_visible()
    for text in ("extracted", "selector_matches", "css:.pdp-buy .pdp-cost"):
        expect(visible(ui.page, text)).to_be_visible()
    take_picture("partitions")


def test_numbers_of_a_layer_are_plotted(healed: Deployment, ui: Ui, take_picture: TakePicture) -> None:
    page = ui.page
    ui.open("/assets/pages?view=overview")
    page.get_by_text("Columns", exact=True).click()  # folds the table that lies above
    page.get_by_role("button", name="Plots").click()
    page.get_by_role("button", name="Events").click()
    for text in ("dagster/partition_row_count", "fetched", "unchanged", "failed", "requests"):
        expect(visible(page, text)).to_be_visible()
    assert page.locator("canvas").count() >= 5
    take_picture("pages-plots")


def test_sensors_and_schedules_are_listed(healed: Deployment, ui: Ui, take_picture: TakePicture) -> None:
    ui.open("/automation")
    for name in ("recrawl_sensor", "retrain_sensor"):
        expect(visible(ui.page, name)).to_be_visible()
    for name in ("demo_api", "demo_app", "demo_blog", "demo_shop"):
        expect(visible(ui.page, f"crawl_{name}")).to_be_visible()
    take_picture("automation")
