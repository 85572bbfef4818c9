"""The systemd units are good, start what exists, are confined, and end gracefully."""

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from webdata_assets.cli.serve import GRACE_SECONDS
from webdata_assets.serving.listening import LOOPBACK
from webdata_assets_tests.deploying.files import DEPLOY, UNITS, Unit, wrong_with

PROGRAMS = "/opt/webdata/.venv/bin/"
MOST_EXPOSED = 50
"""Of systemd's own measure, in tenths; what is not confined has 96."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a machine, with programs that exist."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze; commands and keys are looked at without it")
    folder = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", folder)
    for unit in folder.glob("*.service"):
        text = unit.read_text()
        for line in text.splitlines():
            if line.startswith("Exec"):
                program = line.partition("=")[2].split()[0]
                made = tmp_path / "bin" / Path(program).name
                made.parent.mkdir(exist_ok=True)
                made.write_text("#!/bin/sh\n")
                made.chmod(0o755)
        unit.write_text(text.replace(PROGRAMS, f"{tmp_path / 'bin'}/"))
    return folder


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    units = sorted(path for path in installed.iterdir() if path.suffix in (".service", ".target"))
    said = analyze("verify", "--man=no", *units)
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "webdata" in line]
    assert (said.returncode, ours) == (0, [])


def test_systemd_says_what_is_wrong_with_a_unit(installed: Path) -> None:
    unit = installed / "webdata-serve.service"
    unit.write_text(unit.read_text().replace("NoNewPrivileges=yes", "NoNewPriviliges=yes"))
    assert "NoNewPriviliges" in analyze("verify", "--man=no", unit).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_each_unit_is_confined_as_systemd_measures_it(installed: Path, unit: Path) -> None:
    said = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", installed / unit.name)
    assert said.returncode == 0, said.stdout[-400:] + said.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_command_exists_with_its_options(path: Path) -> None:
    commands = [*Unit.read(path).commands()]
    assert commands
    for words in commands:
        assert words[0].startswith(PROGRAMS)
        assert wrong_with(words) is None


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_listens_on_loopback_only(path: Path) -> None:
    words = [word for command in Unit.read(path).commands() for word in command]
    hosts = [after for word, after in itertools.pairwise(words) if word in ("--host", "-h")]
    assert set(hosts) <= set(LOOPBACK)
    if "--port" in words:
        assert hosts, "who gives a port says on which address"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_has_a_user_settings_limits_and_a_restart(path: Path) -> None:
    unit = Unit.read(path)
    service = unit["Service"]
    assert unit.one("Service", "User") == "webdata"
    assert service["EnvironmentFile"] == ["/etc/webdata/webdata.env", "-/etc/webdata/secrets.env"]
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert unit.one("Service", key) == "yes"
    assert unit.one("Service", "ProtectSystem") == "strict"
    assert unit.one("Service", "Restart") == "always"
    assert unit.one("Service", "KillMode") == "mixed"
    assert {"MemoryMax", "TasksMax", "TimeoutStopSec"} <= set(service)
    assert unit.one("Install", "WantedBy") == unit.one("Unit", "PartOf") == "webdata.target"


def test_searches_in_flight_are_answered_before_the_end() -> None:
    unit = Unit.read(DEPLOY / "systemd" / "webdata-serve.service")
    assert int(unit.one("Service", "TimeoutStopSec")) > GRACE_SECONDS


def test_webserver_and_daemon_ask_the_code_server_of_its_unit() -> None:
    code = [*Unit.read(DEPLOY / "systemd" / "webdata-code.service").commands()][-1]
    [server] = yaml.safe_load((DEPLOY / "systemd" / "workspace.yaml").read_text())["load_from"]
    assert server["grpc_server"]["host"] == code[code.index("--host") + 1]
    assert str(server["grpc_server"]["port"]) == code[code.index("--port") + 1]
    assert server["grpc_server"]["location_name"] == code[code.index("--location-name") + 1]


def test_the_proxy_of_the_docs_finds_both_webservers() -> None:
    recipe = (DEPLOY.parent / "docs" / "examples" / "nginx.conf").read_text()
    for name in ("webserver", "viewers"):
        words = [*Unit.read(DEPLOY / "systemd" / f"webdata-{name}.service").commands()][-1]
        assert f"server 127.0.0.1:{words[words.index('--port') + 1]};" in recipe
        assert ("--read-only" in words) is (name == "viewers")
