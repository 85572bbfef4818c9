"""The daily report in a real browser: light and dark, wide and narrow, and alone in the world."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.stages.observe.report.page import render
from webdata_assets.store import Store
from webdata_assets.store.report_facts import gather
from webdata_assets_tests.observe.synthetic import NOW, cells, fill, names, registry
from webdata_assets_tests.observe.synthetic_tables import fill_tables, propose, raise_alerts

pytestmark = pytest.mark.browser

SOURCES = 12
WIDE, NARROW = (1280, 1500), (360, 1500)
HOSTILE = "<img src=http://evil.test/x.png onerror=window.pwned=1><script>window.pwned=1</script>"


@dataclass
class Shown:
    """A report in a browser, and what the browser did beside showing it."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def colour(self, selector: str, name: str) -> str:
        """Return a computed colour of the first element."""
        return str(self.page.locator(selector).first.evaluate(f"each => getComputedStyle(each).{name}"))


def make_report(folder: Path, text: str, alert: str) -> Path:
    store = Store.open(str(folder / "store"), now=lambda: NOW)
    declared = registry(names(SOURCES))
    fill(store, cells(SOURCES, 90))
    fill_tables(store, text=text)
    raise_alerts(store, alert)
    propose(store, declared, "shop_05")
    file = folder / "report.html"
    file.write_text(render(gather(store, declared, NOW)))
    return file


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(
        tmp_path_factory.mktemp("report"),
        "better than the champion on the same rows",
        "shop_05: completeness of 2026-06-29 failed",
    )


@pytest.fixture
def show(browser: Any) -> Iterator[Callable[..., Shown]]:
    contexts = []

    def open_page(file: Path, size: tuple[int, int] = WIDE, scheme: str = "light") -> Shown:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        shown = Shown(context.new_page())
        shown.page.on("console", lambda message: shown.said.append(message.text))
        shown.page.on("pageerror", lambda error: shown.said.append(str(error)))
        shown.page.on("request", lambda request: shown.asked.append(request.url))
        shown.page.goto(file.as_uri())
        return shown

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_browser_says_nothing_and_asks_for_nothing_but_the_page(report, show, size, scheme):
    shown = show(report, size, scheme)
    assert shown.said == []
    assert shown.asked == [report.as_uri()]
    assert shown.page.locator("script").count() == 0


@pytest.mark.parametrize("size", [WIDE, NARROW, (768, 1000), (1920, 1080)])
def test_the_page_never_scrolls_sideways(report, show, size):
    shown = show(report, size)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_text_stands_out_from_the_page_in_light_and_in_dark(report, show):
    light, dark = show(report), show(report, scheme="dark")
    assert light.colour("body", "backgroundColor") != dark.colour("body", "backgroundColor")
    for shown in (light, dark):
        for selector in ("h1", ".sentence", ".badge.failed", ".badge.admitted", ".lead", "td.warned"):
            assert contrast(shown, selector) >= 4.5, selector


def contrast(shown: Shown, selector: str) -> float:
    """Return the contrast ratio of an element's text (WCAG 2)."""
    background = shown.colour(selector, "backgroundColor")
    if background.endswith(", 0)"):
        background = shown.colour("body", "backgroundColor")
    light, dark = sorted(map(_luminance, (shown.colour(selector, "color"), background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_grid_shows_the_newest_dates_first_where_not_all_fit(report, show):
    shown = show(report, NARROW)
    assert shown.page.evaluate(
        "(grid => grid.querySelector('tbody tr td:last-child').getBoundingClientRect().right <= innerWidth)"
        "(document.querySelector('.grid'))"
    )


def test_drawings_take_the_colours_of_the_page(report, show):
    line = ".spark path[style*='--line']"
    assert show(report).colour(line, "stroke") != show(report, scheme="dark").colour(line, "stroke")


def test_hostile_text_is_shown_and_does_nothing(show, tmp_path):
    shown = show(make_report(tmp_path, HOSTILE, HOSTILE))
    assert shown.page.evaluate("window.pwned") is None
    assert shown.page.locator("img, script").count() == 0
    assert shown.page.get_by_text(HOSTILE).count() > 1
    assert (shown.said, len(shown.asked)) == ([], 1)


def test_pictures_of_the_report(report, show, tmp_path):
    folder = Path(os.environ.get("WEBDATA_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    for name, size, scheme in (
        ("report-light", WIDE, "light"), ("report-dark", WIDE, "dark"), ("report-narrow", NARROW, "light"),
    ):  # fmt: skip
        picture = show(report, size, scheme).page.screenshot(
            path=folder / f"{name}.png", animations="disabled"
        )
        assert 10_000 < len(picture) < 300_000
