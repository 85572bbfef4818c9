"""What a person finds of what went wrong with a partition, and of a model. What a label holds stays text."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webdata_assets.partitions import Partition
from webdata_assets.schemas.records import QUARANTINE
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.ui.conftest import Ui, opened, visible, webserver_of
from webdata_assets_tests.ui.troubled import (
    PAUSED,
    PAUSED_HOST,
    crawl_paused,
    make_model,
    write_source,
)

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

PLOTS = (
    "score of each version with its interval",
    "confusion matrix by class number",
    "share right by probability",
)
TakePicture = Callable[[str], None]


@pytest.fixture(scope="module")
def troubled(
    chromium: Path, tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path
) -> Iterator[Deployment]:
    with opened(tmp_path_factory.mktemp("troubled"), encoder_folder, {}) as deployment:
        write_source(deployment)
        crawl_paused(deployment)
        make_model(deployment)
        yield deployment


@pytest.fixture(scope="module")
def webserver(troubled: Deployment) -> Iterator[str]:
    with webserver_of(troubled) as url:
        yield url


def test_a_paused_partition_shows_who_is_waited_for_what_comes_next_and_its_worst_urls(
    ui: Ui, take_picture: TakePicture
) -> None:
    ui.open(f"/assets/pages?view=partitions&partition={PAUSED}")
    for text in ("paused", "waiting_hosts", PAUSED_HOST, "worst_urls", f"http://{PAUSED_HOST}/down/0"):
        expect(visible(ui.page, text)).to_be_visible()
    expect(ui.page.get_by_text("8 URLs wait for 1 host. The next run goes on")).to_be_visible()
    take_picture("partition-paused")
    assert ui.page.locator(f"a[href*='{PAUSED_HOST}']").count() == 0


def test_a_quarantined_record_leads_to_its_payload(
    troubled: Deployment, ui: Ui, take_picture: TakePicture
) -> None:
    rows = troubled.store.tables.read_partition(QUARANTINE, Partition.from_key(PAUSED))
    [payload] = rows["payload_hash"]
    ui.open(f"/assets/quarantine?view=partitions&partition={PAUSED}")
    for text in (f"http://{PAUSED_HOST}/a", f"webdata payload {payload[:16]}"):
        expect(visible(ui.page, text)).to_be_visible()
    take_picture("quarantine")


def test_plots_of_a_model_are_shown_as_images_and_its_labels_as_text(ui: Ui) -> None:
    ui.open("/assets/model?view=events")
    links = ui.page.get_by_text("Show Markdown")
    expect(links).to_have_count(len(PLOTS))
    shown = set()
    for number in range(len(PLOTS)):
        links.nth(number).click()
        image = ui.page.locator("img[src^='data:image/svg+xml']")
        expect(image).to_be_visible()
        assert image.evaluate("image => image.naturalWidth") > 0
        shown.add(image.get_attribute("alt"))
        ui.page.keyboard.press("Escape")
        expect(image).to_have_count(0)
    assert shown == set(PLOTS)
    assert ui.page.locator("[src*='evil.test']").count() == 0
