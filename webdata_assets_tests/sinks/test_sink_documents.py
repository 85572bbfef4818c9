"""What is made from the model of sink files: the JSON Schema and the reference."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from webdata_assets.settings import PACKAGED_SINKS
from webdata_assets.sinks import json_schema, reference


def test_the_shipped_schema_and_reference_are_those_of_the_model():
    assert json_schema.SCHEMA_PATH.read_text(encoding="utf-8") == json_schema.render()
    assert reference.REFERENCE_PATH.read_text(encoding="utf-8") == reference.render()


@pytest.mark.parametrize("path", sorted(PACKAGED_SINKS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_packaged_files_keep_to_the_schema(path):
    Draft202012Validator(json.loads(json_schema.render())).validate(yaml.safe_load(path.read_text()))


def test_the_example_of_the_reference_keeps_to_the_schema():
    example = reference.render().split("```yaml\n")[1].split("```")[0]
    Draft202012Validator(json.loads(json_schema.render())).validate(yaml.safe_load(example))
