"""The environments differ by values only, and whoever reads such a file reads the same."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values
from typer.testing import CliRunner

from webdata_assets.cli.main import app
from webdata_assets.cli.settings_files import known_names
from webdata_assets_tests.deploying.files import DEPLOY, ENVIRONMENTS, settings_of


def test_every_environment_is_good_and_has_the_same_variables() -> None:
    assert {path.stem for path in ENVIRONMENTS} == {"dev", "staging", "prod"}
    said = CliRunner().invoke(app, ["settings", "check", *map(str, ENVIRONMENTS), "--offline"])
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.count("variables are good") == len(ENVIRONMENTS)


def test_no_two_environments_share_a_store() -> None:
    stores = [settings_of(path)["WEBDATA_STORE"] for path in ENVIRONMENTS]
    assert len(set(stores)) == len(stores)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_no_environment_holds_a_secret(path: Path) -> None:
    secret = {"WEBDATA_DAGSTER_STORAGE", "WEBDATA_SHARED_RATES", "WEBDATA_ALERTS", "WEBDATA_ENCODER_KEY"}
    said = settings_of(path)
    assert not secret & set(said)
    assert all("@" not in value for value in said.values())
    assert all(name.startswith("WEBDATA_") for name in said)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_settings_read_a_file_as_systemd_does(path: Path) -> None:
    assert dict(dotenv_values(path)) == settings_of(path)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_kubectl_reads_a_file_alike(path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    command = [
        "kubectl",
        "create",
        "configmap",
        "x",
        f"--from-env-file={path}",
        "--dry-run=client",
        "-o",
        "yaml",
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert yaml.safe_load(said.stdout)["data"] == settings_of(path)


@pytest.mark.parametrize("name", ["environments/secrets.env.example", "compose/secrets.env.example"])
def test_examples_of_secrets_name_what_is_read_and_hold_none(name: str) -> None:
    said = settings_of(DEPLOY / name)
    assert {each for each in said if each.startswith("WEBDATA_")} <= known_names()
    filled = {each: value for each, value in said.items() if "PASSWORD" in each or "SECRET" in each}
    assert set(filled.values()) <= {"", "SECRET"}


def test_what_holds_secrets_is_committed_nowhere() -> None:
    ignored = (DEPLOY / ".gitignore").read_text().splitlines()
    assert "compose/secrets.env" in ignored
