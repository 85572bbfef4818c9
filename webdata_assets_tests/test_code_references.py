"""From an asset in the UI to its code: where it is defined, and where its rows are."""

import ast
from pathlib import Path

import pytest

import webdata_assets
from webdata_assets.definitions import build_defs
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings

PACKAGE = Path(webdata_assets.__file__).parent
SNAPSHOT = Path(__file__).with_name("definitions.snapshot.json")


def referenced(shards: int) -> dict[str, list[tuple[Path, int, str | None]]]:
    """Return file, line and label of each asset's code references."""
    definitions = build_defs(settings=Settings(_env_file=None, crawl_shards=shards))
    return {
        spec.key.to_user_string(): [
            (Path(reference.file_path), reference.line_number, reference.label)
            for reference in spec.metadata["dagster/code_references"].code_references
        ]
        for spec in definitions.resolve_all_asset_specs()
    }


def starts_at(file: Path, line: int) -> set[str]:
    """Return the names of functions and classes that start at a line, decorators included."""
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list))
    }


@pytest.mark.parametrize("shards", [1, 3])
def test_every_asset_leads_to_its_definition_and_to_the_schema_of_its_rows(
    shards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = referenced(shards)
    assert set(found) == set(TABLES)
    for name, [definition, schema] in found.items():
        for file, line, _ in (definition, schema):
            assert file.is_relative_to(PACKAGE), name
            assert starts_at(file, line), (name, file, line)
        assert definition[0].parent == PACKAGE / "assets"
        assert starts_at(*schema[:2]) == {TABLES[name].schema.__name__}
        assert schema[2] == "schema of a row"


def test_the_snapshot_of_definitions_names_no_folder_of_a_machine() -> None:
    assert str(PACKAGE.parent) not in SNAPSHOT.read_text()
