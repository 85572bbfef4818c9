"""With nothing but the README: from a clone to a search, a source broken, seen red, and healed."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.docs.commands import typed
from webdata_assets_tests.docs.pages import README, blocks_of
from webdata_assets_tests.docs.walking import Reader, written_by

WALK = "From a source to a search, and back to green"
ELSEWHERE = {
    "make test": "this is one of its tests",
    "make ui": "stays until it is interrupted: webdata_assets_tests/ui",
    ".venv/bin/webdata serve": "stays until it is interrupted: webdata_assets_tests/serving",
    ".venv/bin/webdata diff staging.env prod.env": "needs two deployments: webdata_assets_tests/interfaces",
    ".venv/bin/webdata report --open": "opens a browser: webdata_assets_tests/ui/test_report.py",
}
"""Commands of the README that other tests run, and why not this one."""
SECONDS = 1_800


def test_the_source_in_ten_lines_is_a_valid_source(tmp_path: Path) -> None:
    [block] = [block for block in blocks_of(README) if block.heading.endswith("in ten lines")]
    assert len(block.text.splitlines()) <= 10
    (tmp_path / "my_news.yaml").write_text(block.text, encoding="utf-8")
    assert list(load_sources(tmp_path).enabled) == ["my_news"]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README.read_text(encoding="utf-8"))) <= targets


@pytest.mark.slow
def test_the_walk_of_the_readme_turns_a_source_red_and_green_again(
    tmp_path: Path, encoder_folder: Path
) -> None:
    # as `make demo` leaves it
    patches = tmp_path / ".webdata" / "patches"
    patches.mkdir(parents=True)
    shutil.copy(PACKAGED_SOURCES / "demo_shop.yaml", patches)
    (tmp_path / ".webdata" / "encoders").symlink_to(encoder_folder)
    Reader(tmp_path).follow(README, WALK)


def test_what_is_run_elsewhere_still_stands_in_the_readme() -> None:
    lines = {line.partition("#")[0].strip() for block in blocks_of(README) for line, _ in typed(block)}
    assert set(ELSEWHERE) <= lines


@pytest.mark.soak
@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.skipif(not shutil.which("git") or not shutil.which("make"), reason="needs git and make")
def test_a_fresh_clone_does_all_that_the_readme_says(tmp_path: Path) -> None:
    clone, began = tmp_path / "clone", time.monotonic()
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True, timeout=120)
    _is_told("git clone", began)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("WEBDATA_")}
    if folder := os.environ.get("WEBDATA_ENCODER_DIR"):
        variables["WEBDATA_ENCODER_DIR"] = folder
    for block in blocks_of(clone / "README.md"):
        if block.language == "yaml" and (file := written_by(block)):
            (clone / file).write_text(block.text, encoding="utf-8")
        for line, shown in typed(block) if block.language == "console" else []:
            command = line.partition("#")[0].strip()
            if command.startswith("export "):
                variables.update(word.split("=") for word in command.split()[1:])
            elif command not in ELSEWHERE:
                said = _typed_in(clone, command, variables, wanted=1 if "ends with 1" in line else 0)
                _is_told(command, began)
                missing = [part for part in "…".join(shown).split("…") if part.strip() not in said]
                assert missing == [], f"{line} said\n{said}"


def _typed_in(folder: Path, command: str, variables: dict[str, str], wanted: int) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env=variables, check=False, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == wanted, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def _is_told(command: str, began: float) -> None:
    print(f"{time.monotonic() - began:6.0f} s after the clone began: {command}", file=sys.stderr, flush=True)
