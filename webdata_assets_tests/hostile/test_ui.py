"""Hostile strings of a crawl in Dagster's UI, in a real browser: shown, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from webdata_assets_tests.hostile.attacked import DATE, REFUSED, attacked
from webdata_assets_tests.hostile.strings import Traps, injections
from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer

Proves = Callable[[str, str, str], None]
pytestmark = pytest.mark.browser
PART = "The UI, the report and the API"


def test_the_ui_shows_strings_and_does_nothing(tmp_path: Path, encoder_folder: Path, proves: Proves) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from webdata_assets_tests.hostile.browsing import watching
    from webdata_assets_tests.ui.conftest import webserver_of

    with attacked(tmp_path, encoder_folder, sources=(REFUSED,), jobs=()) as attack:
        instance = attack.deployment.instance
        before = (instance.get_runs_count(), instance.get_asset_keys())
        quoted = "refused by type ("
        shown = {
            f"/assets/quarantine?view=partitions&partition={DATE}|{REFUSED}": attack.strings["0"],
            "/assets/records?view=checks&checkDetail=valid_share": quoted,
            f"/runs/{attack.runs[REFUSED].run_id}?logs=type:ASSET_CHECK_EVALUATION": quoted,
        }
        with webserver_of(attack.deployment) as url, watching() as watched:
            ran = 0
            for path, text in shown.items():
                watched.page.goto(f"{url}{path}")
                watched.shows(text)
                ran += watched.has_run()
            strangers, mutations = watched.strangers(url), watched.mutations()
        assert (instance.get_runs_count(), instance.get_asset_keys()) == before
    assert ran == 0
    assert strangers == set()
    assert attack.trap.log == []
    assert watched.graphql_by_get() == []
    assert mutations == []
    assert watched.dialogs == []
    figure = (
        f"{len(watched.asked)} requests of Chromium on {len(shown)} pages: {len(strangers)} to others, "
        f"{len(mutations)} mutations, {len(watched.dialogs)} dialogs, {ran} scripts run"
    )
    proves(PART, "strings in Dagster's UI: samples, check details, run logs", figure)


def test_the_same_strings_unescaped_are_noticed(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from webdata_assets_tests.hostile.browsing import watching

    with FaultServer() as trap, FaultServer() as site, watching() as watched:
        raw = [text for text in injections(Traps(trap.address, tmp_path)) if "refresh" not in text]
        site.add("/", page("".join(f"<p>{text}</p>" for text in raw)))
        url = f"http://{site.address}"
        watched.page.goto(url)
        assert watched.has_run()
        assert watched.strangers(url) >= {trap.address}
        assert watched.graphql_by_get()
    assert trap.log
