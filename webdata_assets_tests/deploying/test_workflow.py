"""The workflow of GitHub runs .ci/run, may only read, and prints no secret."""

import re
from typing import Any

import yaml

from webdata_assets_tests.deploying.files import ENVIRONMENTS, WORKFLOW, wrong_with
from webdata_assets_tests.deployment import REPOSITORY


def workflow() -> dict[str, Any]:
    # `on` is a boolean to YAML 1.1
    return {str(key): value for key, value in yaml.safe_load(WORKFLOW.read_text()).items()}


def steps() -> list[dict[str, Any]]:
    [job] = workflow()["jobs"].values()
    return job["steps"]


def test_it_runs_what_a_clean_clone_is_checked_by() -> None:
    assert any(".ci/run" in step.get("run", "") for step in steps())
    assert (REPOSITORY / ".ci" / "run").stat().st_mode & 0o111


def test_pushes_and_proposals_start_it() -> None:
    assert {"push", "pull_request"} <= set(workflow()["True"])
    assert "pull_request_target" not in WORKFLOW.read_text()


def test_it_may_only_read_and_sees_no_secret() -> None:
    text = WORKFLOW.read_text()
    assert workflow()["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    assert "set -x" not in text
    [checkout] = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"] == {"persist-credentials": False}


def test_what_others_wrote_never_becomes_a_command() -> None:
    """Titles, branches and messages of a proposal are theirs: no `${{ }}` stands in a script."""
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_it_ends_and_is_not_doubled() -> None:
    [job] = workflow()["jobs"].values()
    assert job["timeout-minutes"] <= 120
    assert "github.ref" in workflow()["concurrency"]["group"]


def test_actions_of_others_are_pinned() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert [use for use in used if not re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", use)] == []


def test_packages_are_kept_by_the_hash_of_the_lock() -> None:
    keys = [step["with"]["key"] for step in steps() if step.get("uses", "").startswith("actions/cache@")]
    assert any("hashFiles('requirements.lock')" in key for key in keys)


def test_what_failed_leaves_its_log() -> None:
    [upload] = [step for step in steps() if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert upload["if"] == "failure()"
    assert any(f"tee {upload['with']['path']}/" in step.get("run", "") for step in steps())


def test_each_python_is_one_that_the_package_takes() -> None:
    [job] = workflow()["jobs"].values()
    versions = job["strategy"]["matrix"]["python"]
    assert versions == ["3.11"]
    assert 'requires-python = ">=3.11,<3.13"' in (REPOSITORY / "pyproject.toml").read_text()


def test_it_checks_the_settings_of_every_environment() -> None:
    [line] = [step["run"] for step in steps() if "settings check" in step.get("run", "")]
    assert wrong_with(line.split()) is None
    assert ENVIRONMENTS
