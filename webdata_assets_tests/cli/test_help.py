"""Help teaches, answers at once, and wrong usage says what is right."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from webdata_assets_tests.cli.calling import Webdata

COMMANDS = [
    ["demo"],
    ["ui"],
    ["run"],
    ["backfill"],
    ["status"],
    ["publish"],
    ["search"],
    ["serve"],
    ["try"],
    ["sources", "list"],
    ["sources", "check"],
    ["sources", "new"],
    ["checks", "list"],
    ["checks", "explain"],
    ["checks", "run"],
    ["deadletters", "list"],
    ["deadletters", "retry"],
    ["deadletters", "drop"],
    ["export"],
    ["export", "warc"],
    ["extract"],
    ["diff"],
    ["settings", "check"],
    ["settings", "instance"],
]
MAX_CPU_SECONDS = 1.5


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_each_command_has_an_example(webdata: Webdata, command: list[str]) -> None:
    said = webdata(*command, "--help")
    assert said.exit_code == 0
    assert "Example: " in said.stdout
    assert f"webdata {' '.join(command)}" in said.stdout.partition("Example: ")[2]


def test_help_names_every_command_and_the_exit_codes(webdata: Webdata) -> None:
    said = webdata("--help")
    assert said.exit_code == 0
    assert all(command[0] in said.stdout for command in COMMANDS)
    assert "Exit codes: 0" in said.stdout


def test_help_answers_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    webdata = Path(sys.executable).with_name("webdata")
    subprocess.run([webdata, "--help"], check=True, capture_output=True, env={**os.environ}, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MAX_CPU_SECONDS


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "--source"),
        (["search"], "WORDS"),
        (["run", "--source", "x", "--date", "yesterday"], "YYYY-MM-DD"),
        (["search", "lamp", "--mode", "guess"], "hybrid"),
        (["search", "lamp", "--limit", "0"], "1<=x<=100"),
        (["sources", "new", "only_a_name"], "URL"),
        (["publsh"], "No such command"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_what_is_right(
    webdata: Webdata, arguments: list[str], told: str
) -> None:
    said = webdata(*arguments)
    assert said.exit_code == 2
    assert told in said.stderr
    assert not webdata.store.exists()
