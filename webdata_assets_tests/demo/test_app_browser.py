"""The JavaScript app in a real browser."""

import datetime as dt
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from webdata_assets.demo.calendar import FIRST_DAY, LAST_DAY
from webdata_assets.demo.guides import guides_on
from webdata_assets.demo.server import DemoSite

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


@pytest.fixture(scope="module")
def browser(site: DemoSite) -> Iterator[Any]:
    rule = f"MAP app.demo.test {site.connect_to['app.demo.test']}"
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", f"--host-resolver-rules={rule}"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("date", [FIRST_DAY, LAST_DAY])
def test_the_script_shows_the_guides_of_the_date(browser: Any, site: DemoSite, date: dt.date) -> None:
    guides = guides_on(date)
    context = browser.new_context(extra_http_headers={"X-As-Of": date.isoformat()})
    page = context.new_page()
    site.clear()
    page.goto("http://app.demo.test/")
    page.wait_for_selector("main[data-ready]")
    assert [link.get_attribute("href") for link in page.query_selector_all("a.guide")] == [
        guide.path for guide in guides
    ]
    page.goto(f"http://app.demo.test{guides[0].path}")
    page.wait_for_selector("main[data-ready]")
    assert page.inner_text("article h1") == guides[0].title
    assert len(page.query_selector_all(".steps li")) == len(guides[0].steps)
    assert page.inner_text(".category") == guides[0].topic.name
    assert page.get_attribute("article time", "datetime") == guides[0].updated.isoformat()
    assert {visit.as_of for visit in site.requests if visit.path != "/favicon.ico"} == {date.isoformat()}
    context.close()
