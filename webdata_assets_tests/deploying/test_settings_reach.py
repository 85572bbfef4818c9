"""`webdata settings check`: what the settings name, asked for at real servers."""

import socket

import pytest
import yaml

from webdata_assets_tests.deploying.checking import Checked
from webdata_assets_tests.servers.postgres import PostgresServer
from webdata_assets_tests.servers.s3 import S3Place

SINK = {"name": "hook", "kind": "webhook", "description": "A hook", "url": "https://example.com/hook",
        "secret_env": "HOOK_SECRET"}  # fmt: skip


@pytest.fixture
def nobody() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_a_deployment_that_is_well_is_found_so(checked: Checked, postgres: PostgresServer) -> None:
    path = checked.write(WEBDATA_DAGSTER_STORAGE=postgres.address)
    assert checked(path).exit_code == 0
    found = checked.findings(path)
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["Dagster's storage"][1] == "PostgreSQL answers; tables are made on first use"
    assert found["encoder"][1].endswith("in the working folder")
    assert found["source files"][1] == "1 good, 1 enabled"


def test_offline_nothing_is_reached(checked: Checked, nobody: int) -> None:
    path = checked.write(WEBDATA_DAGSTER_STORAGE=f"postgresql://u@127.0.0.1:{nobody}/x")
    assert checked(path, "--offline").exit_code == 0
    assert not (checked.folder / "store").exists()


def test_a_database_that_is_away_is_told(checked: Checked, nobody: int) -> None:
    path = checked.write(WEBDATA_DAGSTER_STORAGE=f"postgresql://u:sesame@127.0.0.1:{nobody}/x")
    assert checked(path).exit_code == 1
    state, told = checked.findings(path)["Dagster's storage"]
    assert state == "away"
    assert "sesame" not in told
    assert "start the server, or change the address" in told


def test_a_database_that_refuses_is_to_be_mended(checked: Checked, postgres: PostgresServer) -> None:
    address = postgres.address.replace("postgres@/postgres", "stranger@/postgres")
    path = checked.write(WEBDATA_DAGSTER_STORAGE=address)
    assert checked(path).exit_code == 2
    assert "change user, password or database" in checked.findings(path)["Dagster's storage"][1]


def test_a_store_on_a_real_s3_server_is_written_to(checked: Checked, shared_s3) -> None:
    place = S3Place(shared_s3)
    path = checked.write(**{**place.environment, "WEBDATA_STORE": place.uri})
    assert checked.findings(path)["store"] == ("ok", f"{place.uri} is writable")


def test_credentials_that_a_real_s3_server_refuses_are_to_be_mended(checked: Checked, shared_s3) -> None:
    place = S3Place(shared_s3)
    wrong = {**place.environment, "WEBDATA_STORE": place.uri, "AWS_SECRET_ACCESS_KEY": "not-the-secret"}
    path = checked.write(**wrong)
    said = checked(path)
    assert said.exit_code == 2
    assert "check the credentials" in " ".join(said.stdout.replace("│", " ").split())
    assert "not-the-secret" not in said.stdout + said.stderr


def test_an_object_store_that_is_away_is_told_at_once(checked: Checked, nobody: int) -> None:
    path = checked.write(WEBDATA_STORE="s3://bucket/store", WEBDATA_S3_ENDPOINT=f"http://127.0.0.1:{nobody}")
    state, told = checked.findings(path)["store"]
    assert (state, f"nobody answers at 127.0.0.1:{nobody}" in told) == ("away", True)


def test_a_store_that_cannot_be_written_is_to_be_mended(checked: Checked) -> None:
    (checked.folder / "file").write_text("")
    path = checked.write(WEBDATA_STORE=str(checked.folder / "file" / "store"))
    assert checked(path).exit_code == 2
    assert "cannot be written" in checked.findings(path)["store"][1]


def test_a_sink_whose_variable_is_not_set_is_named(checked: Checked) -> None:
    sinks = checked.folder / "sinks"
    sinks.mkdir()
    (sinks / "hook.yaml").write_text(yaml.safe_dump(SINK))
    path = checked.write(WEBDATA_SINKS=str(sinks))
    assert checked(path).exit_code == 2
    told = checked.findings(path)["sink files"][1]
    assert told.startswith("sink hook: its file names HOOK_SECRET, which is not set")
    assert checked(checked.write(WEBDATA_SINKS=str(sinks), HOOK_SECRET="whsec_c2VzYW1l")).exit_code == 0


def test_what_is_no_setting_does_not_count_in_the_env_file(checked: Checked) -> None:
    """Commands read settings from `.env`, and secrets of sinks from their environment alone."""
    sinks = checked.folder / "sinks"
    sinks.mkdir()
    (sinks / "hook.yaml").write_text(yaml.safe_dump(SINK))
    env = checked.webdata.folder / ".env"
    env.write_text(f"HOOK_SECRET=whsec_c2VzYW1l\nWEBDATA_SINKS={sinks}\n")
    state, told = checked.findings()["sink files"]
    assert (state, "HOOK_SECRET, which is not set" in told) == ("mend", True)


def test_a_broken_source_file_is_named_with_its_line(checked: Checked) -> None:
    (checked.folder / "sources" / "bad.yaml").write_text("name: bad\nfetsh: {}\n")
    path = checked.write()
    assert checked(path).exit_code == 2
    assert "bad.yaml:2: fetsh" in checked.findings(path)["source files"][1]


def test_a_source_whose_variable_is_not_set_is_named(checked: Checked) -> None:
    file = checked.folder / "sources" / "demo_blog.yaml"
    source = yaml.safe_load(file.read_text())
    source["fetch"]["headers"] = {"Authorization": "Bearer ${BLOG_TOKEN}"}
    file.write_text(yaml.safe_dump(source))
    told = checked.findings(checked.write())["source files"][1]
    assert "source demo_blog: its file names BLOG_TOKEN, which is not set" in told


@pytest.mark.parametrize("variable", ["WEBDATA_SHARED_RATES", "WEBDATA_CELERY_BROKER"])
def test_a_server_of_others_that_is_away_is_told(checked: Checked, nobody: int, variable: str) -> None:
    path = checked.write(**{variable: f"redis://:sesame@127.0.0.1:{nobody}/0", "WEBDATA_EXECUTOR": "celery"})
    said = checked(path)
    assert said.exit_code == 1
    assert "sesame" not in said.stdout
    assert checked.findings(path)[variable][0] == "away"


def test_a_server_that_listens_is_found(checked: Checked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        path = checked.write(WEBDATA_ENGINE=f"tcp://127.0.0.1:{port}")
        assert checked.findings(path)["WEBDATA_ENGINE"] == ("ok", f"127.0.0.1:{port} answers")


def test_an_encoder_that_is_not_there_yet_is_no_fault(checked: Checked) -> None:
    path = checked.write(WEBDATA_HOME=str(checked.folder / "new"))
    assert checked.findings(path)["encoder"][1].endswith("fetched on first use (91 MB)")
    assert not (checked.folder / "new").exists()


def test_an_encoder_that_others_have_to_bring_is_named(checked: Checked) -> None:
    home, given = checked.folder / "new", checked.folder / "empty"
    given.mkdir()
    path = checked.write(WEBDATA_HOME=str(home), WEBDATA_ENCODER_DIR=str(given))
    assert checked(path).exit_code == 2
    assert "model.safetensors" in checked.findings(path)["encoder"][1]
