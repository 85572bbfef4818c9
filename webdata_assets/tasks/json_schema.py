"""The JSON Schema of a task file, for editors that complete and check YAML.

What belongs here: the schema made from the model. What does not: the model (model.py).

`python -m webdata_assets.tasks.json_schema` writes `task.schema.json` anew.
"""

import json
from pathlib import Path

from webdata_assets.tasks.model import Task

SCHEMA_PATH = Path(__file__).with_name("task.schema.json")


def render() -> str:
    """Return the schema as JSON text with a final newline."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Task.model_json_schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_PATH.write_text(render(), encoding="utf-8")
