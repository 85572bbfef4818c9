"""The UI shows the plots of a model, and labels that pages gave as text."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.learn.pairs import Pairs, training_set
from webdata_assets_tests.ui.conftest import Ui
from webdata_assets_tests.ui.webserver import serving

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

LABEL = "![x](http://evil.test/x.png)"
PLOTS = (
    "score of each version with its interval",
    "confusion matrix by class number",
    "share right by probability",
)


@pytest.fixture(scope="module")
def webserver(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The UI of a deployment in which nothing but a model was made."""
    pairs = Pairs(tmp_path_factory.mktemp("model"))
    home = pairs.folder / "dagster"
    home.mkdir()
    examples = training_set().with_columns(pl.col("label").replace({"kitchen": LABEL}))
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    # an open Playwright occupies this thread's event loop
    with dg.DagsterInstance.from_config(str(home)) as instance, ThreadPoolExecutor(1) as executor:
        executor.submit(pairs.materialize_model, examples, instance=instance).result()
    environment = {
        "DAGSTER_HOME": str(home),
        "WEBDATA_HOME": str(pairs.settings.home),
        "WEBDATA_STORE": pairs.settings.store,
    }
    with serving(environment, pairs.folder) as url:
        yield url


def test_plots_are_shown_as_images(ui: Ui) -> None:
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
