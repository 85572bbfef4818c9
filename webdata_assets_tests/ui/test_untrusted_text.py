"""Text that a site wrote is shown as it is, and is never markup of the UI."""

import html
from typing import TYPE_CHECKING

import pytest

from webdata_assets.automation.jobs import CRAWL
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer
from webdata_assets_tests.ui.conftest import Ui, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
pytestmark = pytest.mark.browser

IMAGE = "![x](http://evil.test/x.png)"
HOSTILE = f"{IMAGE}<script>window.pwned=1</script><img src=http://evil.test/y.png onerror=window.pwned=1>"
HOST = "hostile.test"
PARTITION = "2026-06-07|demo_app"


@pytest.fixture(scope="module")
def refused_run(seeded: Deployment) -> str:
    """The run of a partition whose dates are hostile text, on URLs that are: quarantined, and a dead letter.

    The source takes a name that the running UI knows.
    """
    seeded.write_source(
        {
            "name": "demo_app",
            "description": "Hostile pages",
            "owners": ["team:demo"],
            "start": "2026-06-01",
            "allow_private": True,
            "as_of": {"header": "X-As-Of"},
            "fetch": {
                "discover": [
                    {"by": "urls", "start": [f"http://{HOST}/{path}" for path in (IMAGE, f"dead/{IMAGE}")]}
                ],
                "requests_per_second": 100,
                "max_attempts": 1,
            },
            "extract": {"kind": "article", "fields": {"published_at": {"type": "date", "css": "time"}}},
            "expect": {"fetched": 0.1, "error_status": 1},
        },
        "demo_app.yaml",
    )
    with FaultServer() as site:
        text = html.escape(HOSTILE)
        body = f"<!doctype html><title>{text}</title><article><h1>{text}</h1><time>{text}</time></article>"
        site.add(f"/{IMAGE}", page(body))
        site.add(f"/dead/{IMAGE}", page("out of order", status=500))
        seeded.connect_to[HOST] = site.address
        outcome = run(seeded, CRAWL, PARTITION)
    assert outcome.failed_checks == ("records.valid_share",)
    return outcome.run_id


def shows_only_text(page: "Page") -> None:
    """Assert that nothing of the hostile text became an element or ran."""
    assert page.evaluate("window.pwned") is None
    assert page.locator("[src*='evil.test'], [href*='evil.test/x.png']").count() == 0


def test_a_check_detail_quotes_a_page_as_text(refused_run: str, ui: Ui) -> None:
    ui.open("/assets/records?view=checks&checkDetail=valid_share")
    expect(ui.page.get_by_text("refused by type (1)").first).to_contain_text(f"{IMAGE}<script>")
    shows_only_text(ui.page)


@pytest.mark.parametrize(
    ("asset", "shown"), [("quarantine", HOSTILE), ("dead_letters", f"http://{HOST}/dead/{IMAGE}")]
)
def test_a_sample_table_quotes_pages_as_text(refused_run: str, ui: Ui, asset: str, shown: str) -> None:
    ui.open(f"/assets/{asset}?view=partitions&partition={PARTITION}")
    expect(ui.page.get_by_text(shown).first).to_be_visible()
    shows_only_text(ui.page)


def test_the_log_of_a_run_quotes_pages_as_text(refused_run: str, ui: Ui) -> None:
    ui.open(f"/runs/{refused_run}?logs=type:ASSET_CHECK_EVALUATION")
    expect(ui.page.get_by_text("refused by type (1)").first).to_contain_text(f"{IMAGE}<script>")
    shows_only_text(ui.page)
