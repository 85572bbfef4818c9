"""The catalogue of checks is rendered from the checks themselves."""

import pytest

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.check import Check
from webdata_assets.checks.reference import CATALOGUE_PATH, render, sections_of
from webdata_assets.schemas import TABLES

CHECKS = [check for step in STEPS.values() for check in step]


def test_the_committed_catalogue_is_current() -> None:
    assert CATALOGUE_PATH.read_text(encoding="utf-8") == render(), "run `make schema`"


def test_every_check_is_in_the_catalogue() -> None:
    text = render()
    assert [f"## {name}\n" in text for name in TABLES] == [True] * len(TABLES)
    assert sum(line.startswith("| `") for line in text.splitlines()) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.table.name}.{check.name}")
def test_every_formula_says_what_it_is_where_it_comes_from_and_whether_it_blocks(check: Check) -> None:
    said = sections_of(check)
    assert {"Formula", "Severity", "Source"} <= set(said)
    assert said["Severity"].startswith("Blocks") is check.blocking


def test_a_threshold_of_the_source_file_names_its_key() -> None:
    assert "| ≥ 0.99 | `expect.valid` | blocks |" in render()
