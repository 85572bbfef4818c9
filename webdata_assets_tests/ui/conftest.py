"""A filled deployment, its UI, and a browser that notes whom it asks.

The fixtures of the session tell a story in the order in which tests ask for them: `seeded` leaves one
partition red, `healed` makes it green. What a run of tests does not look at is made only where pictures
for docs/ are taken (WEBDATA_SCREENSHOTS): the layers after records, and the pictures.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL, REPLAY, RETRAIN
from webdata_assets.cli.instance import Outcome, execute
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.stages.crawl.browser.launch import (
    BrowserMissingError,
    find_executable,
    launch_arguments,
    uses_sandbox,
)
from webdata_assets_tests.deployment import PATCH, REPOSITORY, Deployment
from webdata_assets_tests.ui.webserver import serving

LOOPBACK = "127.0.0.1"
PICTURES = os.environ.get("WEBDATA_SCREENSHOTS", "")
"""The folder of the pictures for docs/; empty where none are taken."""
JOBS = {
    CRAWL: ("frontier", "pages", "dead_letters", "records", "quarantine"),
    REPLAY: ("records", "quarantine"),
}
"""What is run of each job where no pictures are taken."""
GOOD = ("2026-06-01|demo_blog", "2026-06-04|demo_shop")
BROKEN = "2026-06-05|demo_shop"
"""On this day the shop has another layout, in which the source's selectors find no price."""


@dataclass(frozen=True)
class Ui:
    """A browser's page on the running UI."""

    page: Any
    url: str
    asked: list[str]
    """Every URL that the browser asked for, web sockets included."""

    def open(self, path: str) -> None:
        """Go to a path of the UI."""
        self.page.goto(f"{self.url}{path}")

    def strangers(self) -> set[str]:
        """Hosts that were asked and are not the webserver."""
        parts = [urlsplit(url) for url in self.asked]
        return {str(part.hostname) for part in parts if part.scheme not in ("data", "blob")} - {LOOPBACK}


def run(deployment: Deployment, job: str, partition: str) -> Outcome:
    """Run a job, up to records, in a thread of its own: an open Playwright occupies this one's event loop."""
    definitions = deployment.definitions()
    if not PICTURES:
        part = dg.define_asset_job(f"{job}_part", selection=dg.AssetSelection.assets(*JOBS[job]))
        definitions, job = dg.Definitions.merge(definitions, dg.Definitions(jobs=[part])), part.name
    chosen = Partition.from_key(partition)
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(execute, definitions, deployment.instance, job, partition=chosen).result()


@contextmanager
def opened(folder: Path, encoder_folder: Path, connect_to: dict[str, str]) -> Iterator[Deployment]:
    """An empty deployment with an instance that a webserver can read."""
    home = folder / "home" / "dagster"
    home.mkdir(parents=True)
    shutil.copy(REPOSITORY / "webdata_assets" / "dagster.yaml", home)
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield Deployment(folder, instance, connect_to)


@contextmanager
def webserver_of(deployment: Deployment) -> Iterator[str]:
    """Yield the URL of a deployment's UI."""
    settings = deployment.settings
    environment = {
        "DAGSTER_HOME": str(settings.home / "dagster"),
        "WEBDATA_HOME": str(settings.home),
        "WEBDATA_SOURCES": str(settings.sources),
        "WEBDATA_STORE": settings.store,
    }
    with serving(environment, deployment.folder) as url:
        yield url


def visible(page: Any, text: str) -> Any:
    """The first visible element with exactly this text; the UI keeps hidden copies to measure."""
    return page.get_by_text(text, exact=True).filter(visible=True).first


@pytest.fixture(scope="session")
def chromium() -> Path:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    try:
        return find_executable(None, "/nowhere")
    except BrowserMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def seeded(
    chromium: Path, tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path
) -> Iterator[Deployment]:
    """Three crawled partitions, one of which lacks its prices: completeness is red."""
    folder = tmp_path_factory.mktemp("ui")
    with DemoSite() as site, opened(folder, encoder_folder, site.connect_to) as deployment:
        deployment.take_packaged("demo_api", "demo_app", "demo_blog", "demo_shop")
        for partition in GOOD:
            assert run(deployment, CRAWL, partition).success
        assert run(deployment, CRAWL, BROKEN).failed_checks == ("records.completeness",)
        yield deployment


@pytest.fixture(scope="session")
def healed(seeded: Deployment) -> Deployment:
    """The source was patched, the partition replayed, and for pictures everything downstream made from it."""
    patches = seeded.settings.patches
    patches.mkdir(parents=True)
    shutil.copy(PATCH, patches)
    assert run(seeded, REPLAY, BROKEN).success
    if PICTURES:
        with ThreadPoolExecutor(1) as executor:
            assert executor.submit(seeded.run, RETRAIN).result().success
    return seeded


@pytest.fixture(scope="session")
def webserver(seeded: Deployment) -> Iterator[str]:
    with webserver_of(seeded) as url:
        yield url


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium),
            args=launch_arguments(f"MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}"),
            chromium_sandbox=uses_sandbox(),
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """One cache for all pages of a module; the navigation is folded."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.add_init_script("localStorage.clear(); localStorage.setItem('dagster-nav-collapsed', 'true')")
    yield context
    context.close()


@pytest.fixture
def ui(context: Any, webserver: str) -> Iterator[Ui]:
    """A fresh page. The UI asks nobody but its webserver."""
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    shown = Ui(page, webserver, asked)
    yield shown
    page.close()
    assert shown.strangers() == set()


@pytest.fixture
def take_picture(ui: Ui) -> Callable[[str], None]:
    """Save the viewport as a PNG, where pictures are taken."""

    def take(name: str) -> None:
        if not PICTURES:
            return
        ui.page.mouse.move(700, 4)  # away from anything that a pointer lights up
        ui.page.wait_for_load_state("networkidle")
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        picture = ui.page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")
        assert len(picture) < 300_000

    return take
