"""The code version that machines must agree on covers what their maps run."""

import ast
from pathlib import Path

from webdata_assets.stages.engine import code

PACKAGE = Path(code.__file__).parents[2]
MAPS = ("stages/extract", "stages/embed")
NOT_OF_MAPS = {"stages/artefacts"}
"""Has no influence on an answer: it writes files of models."""


def test_every_stage_whose_code_a_map_imports_is_part_of_it():
    imported = {
        "/".join(module.split(".")[1:3])
        for room in MAPS
        for path in (PACKAGE / room).rglob("*.py")
        for module in _imports(path)
        if module.startswith("webdata_assets.stages.")
    }
    assert imported - NOT_OF_MAPS <= set(code._ROOMS)


def _imports(path: Path) -> list[str]:
    return [
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
