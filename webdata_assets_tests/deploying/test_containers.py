"""compose.yaml and the Dockerfile: what they name exists, only loopback is published, all are watched.

Nothing is built or started here: that needs Docker's daemon and images of others.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from webdata_assets.cli.settings_files import known_names
from webdata_assets_tests.deploying.files import DEPLOY, compose, settings_of, wrong_with
from webdata_assets_tests.deployment import REPOSITORY

OURS = {"instance", "code", "daemon", "webserver", "viewers", "serve"}
ONCE = {"bucket", "instance"}
"""Services that end: nobody need watch them."""
DOCKERFILE = DEPLOY / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2]) for line in text.splitlines() if line.strip()]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    else:
        yield str(value)


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_service_of_ours_calls_what_exists(name: str) -> None:
    words = compose()["services"][name]["command"]
    called = [shlex.split(each) for each in words[2].split("&&")] if words[0] == "sh" else [words]
    assert [problem for each in called if (problem := wrong_with(each))] == []


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_service_of_ours_is_confined(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_variable_is_read_somewhere() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    assert asked == set(settings_of(DEPLOY / "compose" / "secrets.env.example"))
    named = {name for name in compose()["services"]["code"]["environment"] if name.startswith("WEBDATA_")} | {
        name for name in asked if name.startswith("WEBDATA_")
    }
    assert named <= known_names()


def test_no_default_stands_in_for_a_secret() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert set(re.findall(rf"\$\{{{name}(.)", text)) == {":"}
        assert f"${{{name}:-" not in text


def test_ports_are_published_on_loopback_only() -> None:
    services = compose()["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []
    assert not [name for name, service in services.items() if service.get("network_mode") == "host"]


def test_database_and_object_store_have_no_way_out() -> None:
    found = compose()
    assert found["networks"]["data"]["internal"] is True
    for name in ("postgres", "s3"):
        assert found["services"][name]["networks"] == ["data"]


def test_every_service_that_stays_is_watched_and_bounded() -> None:
    for name, service in compose()["services"].items():
        if name in ONCE:
            continue
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert {"interval", "timeout", "retries"} <= set(service["healthcheck"]), name
        assert service["mem_limit"], name
        assert service["restart"] == "unless-stopped", name


@pytest.mark.parametrize("name", sorted(OURS - ONCE))
def test_each_watch_calls_what_exists(name: str) -> None:
    _, *words = compose()["services"][name]["healthcheck"]["test"]
    if words[:2] == ["python", "-c"]:
        compile(words[2], name, "exec")
        [port] = re.findall(r"127\.0\.0\.1:(\d+)", words[2])
        assert f"--port={port}" in compose()["services"][name]["command"]
    else:
        assert wrong_with(words) is None


def test_who_is_waited_for_exists_and_can_be_waited_for() -> None:
    services = compose()["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)
            if how["condition"] == "service_completed_successfully":
                assert other in ONCE, (name, other)


def test_the_workspace_names_the_code_server() -> None:
    [server] = yaml.safe_load((DEPLOY / "compose" / "etc" / "workspace.yaml").read_text())["load_from"]
    code = compose()["services"]["code"]
    assert server["grpc_server"]["host"] == "code"
    assert f"--port={server['grpc_server']['port']}" in code["command"]


def test_volumes_and_networks_are_declared() -> None:
    found = compose()
    for name, service in found["services"].items():
        assert set(service.get("networks", [])) <= set(found["networks"]), name
        for volume in service.get("volumes", []):
            if isinstance(volume, str):
                assert volume.partition(":")[0] in found["volumes"], name


def test_the_image_runs_as_nobody_of_importance_and_keeps_no_cache() -> None:
    steps = instructions()
    assert [value for kind, value in steps if kind == "FROM"] == [
        "python:3.11-slim AS build",
        "python:3.11-slim",
    ]
    assert [value for kind, value in steps if kind == "USER"] == ["10001:10001"]
    for kind, value in steps:
        if kind == "RUN":
            for command in value.split("&&"):
                if re.search(r"\bpip (install|compile)\b", command):
                    assert "--no-cache" in command, command


def test_everything_in_the_image_is_installed_by_hash() -> None:
    installs = [
        command
        for kind, value in instructions()
        if kind == "RUN"
        for command in value.split("&&")
        if "pip install" in command
    ]
    assert len(installs) == 3
    for command in installs:
        assert "--no-deps" in command
        # the last is this project itself
        assert "--require-hashes" in command or "--no-index" in command


def test_what_is_installed_is_taken_from_the_lock_word_by_word(tmp_path) -> None:
    """The lines of the lock for some names, as the Dockerfile cuts them out."""
    [awk] = re.findall(r"awk ('.+?')", DOCKERFILE.read_text())
    (tmp_path / "names").write_text("dagster\npolars\nuv\n")
    lock = REPOSITORY / "requirements.lock"
    said = subprocess.run(
        ["awk", shlex.split(awk)[0], str(tmp_path / "names"), str(lock)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert {line.partition("==")[0] for line in said.stdout.splitlines() if line[0] != " "} == {
        "dagster",
        "polars",
        "uv",
    }
    assert said.stdout in lock.read_text() or said.stdout.count("--hash=sha256:") > 3
    assert set(said.stdout.splitlines()) <= set(lock.read_text().splitlines())


def test_what_the_image_is_made_of_is_there_and_little_is_sent() -> None:
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    assert "*" in allowed
    sent = {line[1:] for line in allowed if line.startswith("!")}
    copied = {
        word
        for kind, value in instructions()
        if kind == "COPY" and not value.startswith("--from")
        for word in value.split()[:-1]
    }
    assert copied == sent
    assert all((REPOSITORY / name).exists() for name in sent)
