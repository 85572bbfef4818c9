"""The JSON Schema of a sink file, for editors that complete and check YAML.

What belongs here: the schema made from the model, short forms included. What does not: the model (model.py).

`python -m webdata_assets.sinks.json_schema` writes `sink.schema.json` anew.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter

from webdata_assets.sinks.model import AnySink

SCHEMA_PATH = Path(__file__).with_name("sink.schema.json")


def render() -> str:
    """Return the schema as JSON text with a final newline."""
    schema = TypeAdapter(AnySink).json_schema(by_alias=True)
    column = schema["$defs"]["Column"]
    short = {"enum": column["properties"]["type"]["enum"], "description": "The column's type alone"}
    schema["$defs"]["Column"] = {"description": column["description"], "anyOf": [short, column]}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_PATH.write_text(render(), encoding="utf-8")
