"""The JSON Schema of a source file, for editors that complete and check YAML.

What belongs here: the schema made from the model, short forms included. What does not: the model (model.py).

`python -m webdata_assets.sources.json_schema` writes `source.schema.json` anew.
"""

import json
from pathlib import Path
from typing import Any

from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import WAYS

SCHEMA_PATH = Path(__file__).with_name("source.schema.json")


def render() -> str:
    """Return the schema as JSON text with a final newline."""
    schema = Source.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    definitions["FieldRule"] = _with_short_forms(definitions["FieldRule"], definitions["Selector"])
    definitions["Items"] = {
        "description": definitions["Items"]["description"],
        "anyOf": [
            {"type": "string", "minLength": 1, "description": "A CSS selector, JMESPath or XPath"},
            {**definitions["Items"], "minProperties": 1},
        ],
    }
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _with_short_forms(rule: dict[str, Any], selector: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field in its three forms: in full, with one selector, as a selector alone."""
    others = {name: value for name, value in rule["properties"].items() if name != "from"}
    one_selector = {
        "type": "object",
        "description": "One selector, and the type",
        "properties": {**selector["properties"], **others},
        "additionalProperties": False,
        "anyOf": [{"required": [way]} for way in WAYS],
    }
    in_full = {
        **rule,
        "properties": {**others, "from": {**rule["properties"]["from"], "minItems": 1}},
        "anyOf": [{"required": [key]} for key in ("from", "fields", "type")],
    }
    short = {"type": "string", "minLength": 1, "description": "A CSS selector or XPath whose text is taken"}
    return {"description": rule["description"], "anyOf": [short, one_selector, in_full]}


if __name__ == "__main__":
    SCHEMA_PATH.write_text(render(), encoding="utf-8")
