"""Every licence is known, and at run time none reaches our own code."""

import sys
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from webdata_assets_tests.supply.evidence import EVIDENCE
from webdata_assets_tests.supply.installed import versions
from webdata_assets_tests.supply.licences import Fit, declared, fit_of, is_spdx
from webdata_assets_tests.supply.lock import LOCK, pinned_here
from webdata_assets_tests.supply.page import PAGE, page, unfit
from webdata_assets_tests.supply.scopes import PYPROJECT, runtime
from webdata_assets_tests.test_layers import PACKAGE, all_imports

MIT = "Classifier: License :: OSI Approved :: MIT License"


@pytest.fixture(scope="module")
def installed() -> dict[str, Distribution]:
    """What is locked and installed, by canonical name."""
    locked = pinned_here(LOCK.read_text())
    named = {canonicalize_name(each.metadata["Name"]): each for each in distributions()}
    return {name: each for name, each in named.items() if name in locked}


@pytest.fixture(scope="module")
def running(installed: dict[str, Distribution]) -> set[str]:
    return runtime(installed, PYPROJECT.read_text())


def test_every_licence_is_known_and_fits(installed: dict[str, Distribution], running: set[str]):
    assert unfit(installed, running) == []
    assert all(is_spdx(declared(each)) for each in installed.values())


def test_the_page_tells_of_what_is_locked(installed: dict[str, Distribution], running: set[str]):
    if versions(installed.values()) != pinned_here(LOCK.read_text()):
        pytest.skip("the environment is not the locked one: rm -r .venv && make test")
    assert PAGE.read_text() == page(installed, running), "make audit writes it"


def test_the_package_imports_nothing_that_is_for_development_only(running: set[str]):
    owners = packages_distributions()
    named = {each.module.partition(".")[0] for each in all_imports()}
    top = named - sys.stdlib_module_names - {PACKAGE.name}
    foreign = {name: [canonicalize_name(owner) for owner in owners[name]] for name in top if name in owners}
    assert {name for name, by in foreign.items() if not running & set(by)} == set()


def test_a_licence_that_reaches_our_code_fails_at_run_time_only(tmp_path: Path):
    strong = _distribution(tmp_path, "License-Expression: GPL-3.0-or-later")
    assert unfit({"tiny": strong}, {"tiny"}) == ["tiny is needed at run time and is under GPL-3.0-or-later"]
    assert unfit({"tiny": strong}, set()) == []


def test_a_licence_that_nobody_tells_fails_everywhere(tmp_path: Path):
    silent = _distribution(tmp_path, "License: see our website")
    assert "unknown" in unfit({"tiny": silent}, set())[0]


@pytest.mark.parametrize(
    ("metadata", "expression"),
    [
        ("License-Expression: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("License: BSD-3-Clause\nClassifier: License :: OSI Approved :: BSD License", "BSD-3-Clause"),
        (f"License: anything\n{MIT}", "MIT"),
        (
            f"{MIT}\nClassifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            "MIT AND GPL-3.0-only",
        ),
        ("License: Apache License, Version 2.0", "Apache-2.0"),
        ("License: 3-Clause BSD License", "BSD-3-Clause"),
        ("License: see our website", ""),
    ],
)
def test_what_is_declared_is_told_as_spdx(tmp_path: Path, metadata: str, expression: str):
    assert declared(_distribution(tmp_path, metadata)) == expression


@pytest.mark.parametrize(
    ("expression", "fit"),
    [
        ("MIT AND BSD-3-Clause", Fit.PERMISSIVE),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", Fit.WEAK),
        ("MIT AND GPL-3.0-only", Fit.STRONG),
        ("MIT OR AGPL-3.0-only", Fit.PERMISSIVE),
        ("AGPL-3.0-or-later", Fit.STRONG),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Fit.WEAK),
        ("", Fit.UNKNOWN),
    ],
)
def test_of_licences_to_choose_from_the_best_counts_and_of_all_that_hold_the_worst(expression: str, fit: Fit):
    assert fit_of(expression) is fit


def test_what_was_looked_up_is_needed_and_says_where_it_stands(installed: dict[str, Distribution]):
    assert EVIDENCE.keys() <= installed.keys()
    assert all(each.where for each in EVIDENCE.values())


def _distribution(folder: Path, metadata: str) -> Distribution:
    place = folder / "tiny-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\nName: tiny\nVersion: 1.0\n{metadata}\n")
    return Distribution.at(place)
