"""The JSON Schema and the reference agree with the model, and the committed files with both."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from webdata_assets.settings import PACKAGED_TASK
from webdata_assets.tasks import json_schema, reference
from webdata_assets.tasks.loading import load_task

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")


def errors_of(task: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema.render()))
    return [error.message for error in validator.iter_errors(task)]


def example() -> str:
    """Return the task that the reference shows."""
    found = re.search(r"```yaml\n(.*?)```", reference.render(), re.DOTALL)
    assert found
    return found[1]


def test_the_committed_files_are_current() -> None:
    assert json_schema.SCHEMA_PATH.read_text(encoding="utf-8") == json_schema.render(), "run `make schema`"
    assert reference.REFERENCE_PATH.read_text(encoding="utf-8") == reference.render(), "run `make schema`"


def test_the_shipped_task_and_the_example_pass_the_schema() -> None:
    assert errors_of(yaml.safe_load(PACKAGED_TASK.read_text())) == []
    assert errors_of(yaml.safe_load(example())) == []


def test_the_example_can_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text(example())
    assert load_task(tmp_path / "task.yaml").name == "page_type"


@pytest.mark.parametrize("inputs", [{"txt": True}, {"features": "lots"}, {"features": [3]}])
def test_what_the_model_refuses_the_schema_refuses(inputs: dict[str, object]) -> None:
    task = yaml.safe_load(PACKAGED_TASK.read_text())
    assert errors_of({**task, "inputs": inputs})


def test_every_key_has_a_meaning() -> None:
    rows = [line for line in reference.render().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
