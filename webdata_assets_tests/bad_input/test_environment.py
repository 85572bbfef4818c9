"""What is wrong around the product: settings, permissions, a browser that is not there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.bad_input.inspecting import admitted, rows, write_source
from webdata_assets_tests.cli.calling import Webdata

_NO_OVERRIDE = "-dac_override,-dac_read_search"


def _as_ordinary_user(command: list[str]) -> list[str]:
    """Return a command that permissions bind, though it be root's."""
    if os.geteuid() != 0:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root is bound by no permission, and setpriv (util-linux) is not there to change that")
    return [setpriv, "--bounding-set", _NO_OVERRIDE, "--inh-caps", _NO_OVERRIDE, *command]


def test_a_store_that_cannot_be_written_is_named_before_anything_is_fetched(webdata: Webdata) -> None:
    write_source(webdata, "good")
    webdata.store.mkdir(mode=0o555)
    command = [str(Path(sys.executable).with_name("webdata")), "run", "--source", "good"]
    done = subprocess.run(
        _as_ordinary_user(command),
        check=False,
        env={**os.environ, **webdata.environment},
        cwd=webdata.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip() == (
        f"the store folder {webdata.store} cannot be written (Permission denied): "
        "give this user write permission, or set WEBDATA_STORE to another folder"
    )
    assert list(webdata.store.iterdir()) == []


@pytest.mark.usefixtures("history_in_memory")
def test_a_missing_browser_is_reported_and_other_sources_run(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("demo_app", "demo_api"):
        shutil.copy(PACKAGED_SOURCES / f"{name}.yaml", webdata.sources)
    monkeypatch.setenv("WEBDATA_CHROMIUM", str(webdata.folder / "no-browser"))
    missing = webdata("run", "--source", "demo_app", "--date", "2026-06-01")
    assert missing.exit_code == 1
    assert f"there is no browser at {webdata.folder / 'no-browser'}" in missing.stdout
    assert "apt-get install chromium" in missing.stdout
    assert rows(webdata, "pages").is_empty()
    assert webdata("run", "--source", "demo_api", "--date", "2026-06-01").exit_code == 0
    assert admitted(webdata, "records") == ["demo_api"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WEBDATA_CONNECT_TO", "shop.test", "'shop.test' is not of the form host=address:port"),
        ("WEBDATA_REPAIR_ATTEMPTS_PER_DAY", "often", "valid integer"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    said = webdata("status")
    assert said.exit_code == 2
    assert f"{name}={value}: " in said.stderr
    assert told in said.stderr
    assert "change the variable, or the file .env" in said.stderr
