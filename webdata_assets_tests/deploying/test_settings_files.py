"""`webdata settings check`: names and values of settings files, and files side by side."""

import os
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.cli.settings_files import as_environment, known_names, missing_keys, read_settings
from webdata_assets_tests.deploying.checking import Checked
from webdata_assets_tests.deployment import REPOSITORY

SECRET = "sesame-opens-it"
PLAIN = st.text(st.characters(categories=("Lu", "Ll", "Nd"), include_characters="/:._-"), max_size=20)
NAMES = st.sampled_from(sorted(known_names() | {"AWS_PROFILE", "WEBDATA_STOER", "MY_TOKEN"}))


def test_a_good_file_is_told_in_a_line(checked: Checked) -> None:
    said = checked(checked.write(), "--offline")
    assert (said.exit_code, said.stdout) == (0, "one.env: 3 variables are good.\n")


def test_the_example_file_is_good(checked: Checked) -> None:
    assert checked(REPOSITORY / ".env.example", "--offline").exit_code == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("WEBDATA_STOER=x", "one.env:1: WEBDATA_STOER: no setting is called so; did you mean WEBDATA_STORE?"),
        ("WEBDATA_QQQQ=x", "WEBDATA_QQQQ: no setting is called so; remove it"),
        ("WEBDATA_EXECUTOR=celry", "WEBDATA_EXECUTOR: Input should be 'in-process'"),
        (
            "WEBDATA_SENSOR_SECONDS=0",
            "WEBDATA_SENSOR_SECONDS: Input should be greater than or equal to 1",
        ),
        ("WEBDATA_SENSOR_SECONDS=", "is empty: Input should be a valid integer"),
        ("WEBDATA_CHROMIUM=", "WEBDATA_CHROMIUM: is empty; name a path, or remove the line"),
        ("WEBDATA_CONNECT_TO=shop", "'shop' is not of the form host=address:port; change the value"),
        ("this is no variable", "one.env:1: this is no variable; write NAME=value"),
        ("WEBDATA_LOG", "WEBDATA_LOG: has no value; write NAME=value"),
        ("\n\n# a word\nWEBDATA_LOG=xml", "one.env:4: WEBDATA_LOG: Input"),
        ("WEBDATA_LOG=json\nWEBDATA_LOG=text", "one.env:2: WEBDATA_LOG: stands in line 1 too"),
        ("WEBDATA_EXECUTOR=kubernetes", "needs WEBDATA_KUBERNETES_IMAGE"),
        ("WEBDATA_DAGSTER_STORAGE=mysql://db", "set WEBDATA_DAGSTER_STORAGE=postgresql://"),
        ("WEBDATA_STORE=s3://user:secret@bucket", "holds a password or a query"),
    ],
)
def test_what_is_wrong_is_told_with_place_and_remedy(checked: Checked, line: str, told: str) -> None:
    said = checked(checked.write_text(f"{line}\n"), "--offline")
    assert said.exit_code == 2
    assert told in said.stdout
    assert "Traceback" not in said.stdout + said.stderr


@pytest.mark.parametrize(
    "line",
    [
        f"WEBDATA_DAGSTER_STORAGE=mysql://u:{SECRET}@db/x",
        f"WEBDATA_DAGSTER_STORAGE=postgresql://u:{SECRET}@more@127.0.0.1:1/x",
        f"WEBDATA_SHARED_RATES=redis://:{SECRET}@127.0.0.1:1/0",
        f"WEBDATA_STORE=s3://user:{SECRET}@bucket",
        f"WEBDATA_INDEX=postgresql://u:{SECRET}@127.0.0.1:1/x",
        f"WEBDATA_CONNECT_TO=https://u:{SECRET}@example.com",
        f"WEBDATA_LOG={SECRET}",
        f"WEBDATA_ALERTS=slack://{SECRET}\nWEBDATA_ENGINE=slack://{SECRET}",
        f"WEBDATA_DAGSTER_STORGE=postgresql://u:{SECRET}@127.0.0.1:1/x",
    ],
)
@pytest.mark.parametrize("form", ["--json", "--offline"])
def test_no_secret_is_ever_printed(checked: Checked, line: str, form: str) -> None:
    path = checked.write_text("".join(f"{name}={value}\n" for name, value in checked.values.items()) + line)
    said = checked(path, form)
    assert SECRET not in said.stdout + said.stderr
    assert "Traceback" not in said.stdout + said.stderr


def test_files_that_lack_what_another_has_are_told(checked: Checked) -> None:
    one, two = checked.write("one.env", WEBDATA_LOG="json"), checked.write("two.env", AWS_PROFILE="x")
    said = checked(one, two, "--offline")
    assert said.exit_code == 2
    assert "one.env: AWS_PROFILE is missing; the other files have it" in said.stdout
    assert "two.env: WEBDATA_LOG is missing; the other files have it" in said.stdout


def test_files_with_the_same_variables_are_good_whatever_their_values(checked: Checked) -> None:
    one, two = checked.write("one.env", WEBDATA_LOG="json"), checked.write("two.env", WEBDATA_LOG="text")
    assert checked(one, two, "--offline").exit_code == 0


def test_a_file_counts_alone(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDATA_EXECUTOR", "nonsense")
    assert checked(checked.write(), "--offline").exit_code == 0


def test_without_a_file_the_environment_counts(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDATA_SENSOR_SECOND", "5")
    said = checked("--offline")
    assert said.exit_code == 2
    assert "environment: WEBDATA_SENSOR_SECOND: no setting is called so; did you mean" in said.stdout


def test_without_a_file_the_env_file_counts_where_the_environment_says_nothing(checked: Checked) -> None:
    (checked.webdata.folder / ".env").write_text("WEBDATA_STORE=:/nonsense\nWEBDATA_LOG=xml\n")
    said = checked("--offline")
    assert said.exit_code == 2
    assert ".env:2: WEBDATA_LOG: Input" in said.stdout


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00W"])
def test_a_file_that_cannot_be_read_is_named(checked: Checked, content: bytes | None) -> None:
    path = checked.folder / "other.env"
    if content is not None:
        path.write_bytes(content)
    said = checked(path)
    assert said.exit_code == 2
    assert "other.env: cannot be read" in said.stderr


@given(values=st.dictionaries(NAMES, PLAIN, max_size=8))
def test_a_file_is_read_as_the_settings_read_it(tmp_path_factory, values: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("read") / "some.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    file = read_settings(path)
    assert file.variables == dict(dotenv_values(path)) == values
    assert file.lines == {name: line for line, name in enumerate(values, start=1)}
    assert missing_keys([file, file]) == {}
    assert {each.name for each in file.problems if "no setting" in each.what} == {"WEBDATA_STOER"} & set(
        values
    )


def test_the_environment_is_what_it_was_afterwards(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDATA_LOG", "json")
    before = dict(os.environ)
    file = read_settings(checked.write(MY_TOKEN="x"))
    with as_environment(file):
        assert "WEBDATA_LOG" not in os.environ
        assert os.environ["MY_TOKEN"] == "x"
    assert dict(os.environ) == before


def test_the_file_of_dagster_is_written_for_the_settings(
    checked: Checked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = checked.webdata.folder / "home" / "dagster"
    monkeypatch.setenv("WEBDATA_EXECUTOR", "multiprocess")
    said = checked.webdata("settings", "instance")
    assert (said.exit_code, said.stdout) == (0, f"{home / 'dagster.yaml'}\n")
    assert "granularity: op" in (home / "dagster.yaml").read_text()
