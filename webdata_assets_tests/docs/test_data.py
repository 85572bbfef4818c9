"""Every block of data is what it says: files of ours by their real loaders, the rest by its syntax."""

import configparser
import doctest
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import html

from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sources.registry import load_sources
from webdata_assets.tasks.loading import load_task
from webdata_assets_tests.docs.pages import Block, blocks, blocks_of

SOURCE = {
    "name": "an_example",
    "description": "What an example of one section stands in",
    "start": "2026-01-01",
    "fetch": {"discover": [{"by": "urls", "start": ["https://example.com/"]}]},
    "extract": {"kind": "article"},
}
SINK = {"name": "an_example", "kind": "parquet", "description": "What an example of one section stands in"}
OF_A_SOURCE = {"arrival", "as_of", "clean", "expect", "extract", "fetch"}
OF_A_SINK = {"announce", "contract"}


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_taken_by_what_reads_it(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [*yaml.safe_load_all(block.text)]
    if len(documents) == 1 and isinstance(documents[0], dict):
        monkeypatch.syspath_prepend(tmp_path)
        _read(documents[0], block, tmp_path)


def _read(values: dict[str, Any], block: Block, folder: Path) -> None:
    names = set(values)
    if "fetch" in names and "name" in names:
        _write(folder, values["name"], block.text)
        assert values["name"] in load_sources(folder).all
    elif names <= OF_A_SOURCE:
        _write_module(folder, values.get("extract", {}).get("python", ""), block.page)
        _write(folder, SOURCE["name"], yaml.safe_dump({**SOURCE, **values}))
        load_sources(folder)
    elif {"name", "kind", "description"} <= names:
        _write(folder, values["name"], block.text)
        assert values["name"] in load_sinks(folder)
    elif names <= OF_A_SINK:
        _write(folder, SINK["name"], yaml.safe_dump({**SINK, **values}))
        assert SINK["name"] in load_sinks(folder)
    elif "label" in names:
        load_task(_write(folder, values["name"], block.text))


def _write_module(folder: Path, function: str, page: Path) -> None:
    """Write the Python of a page as the module that an example names."""
    if function:
        code = [each.text for each in blocks_of(page) if each.language == "python"]
        (folder / f"{function.partition(':')[0]}.py").write_text("\n".join(code), encoding="utf-8")


def _write(folder: Path, name: object, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)


def test_queries_are_of_dagsters_own_schema() -> None:
    from dagster_graphql.schema import create_schema
    from graphql import build_schema, get_variable_values, parse, validate

    schema = build_schema(str(create_schema()))
    queries = [query for block in blocks("json") for query in _queries(json.loads(block.text))]
    assert len(queries) > 1
    for query, variables in queries:
        document = parse(query)
        assert validate(schema, document) == []
        values = get_variable_values(schema, document.definitions[0].variable_definitions, variables)
        assert not isinstance(values, list), values


def _queries(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each `query` with its `variables`, however deep within."""
    if isinstance(value, dict):
        if isinstance(query := value.get("query"), str):
            yield query, value.get("variables", {})
        for each in value.values():
            yield from _queries(each)
    elif isinstance(value, list):
        for each in value:
            yield from _queries(each)


@pytest.mark.parametrize("block", blocks("toml", "ini", "html", "nginx", "pycon"), ids=str)
def test_other_data_has_the_syntax_that_it_claims(block: Block) -> None:
    if block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "ini":
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(block.text)
        assert parser.sections()
    elif block.language == "html":
        assert html.document_fromstring(block.text) is not None
    elif block.language == "pycon":
        examples = doctest.DocTestParser().get_examples(block.text)
        assert examples
        for example in examples:
            compile(example.source, str(block), "single")
    else:
        _is_nginx(block.text)


def _is_nginx(text: str) -> None:
    """Check braces, and that each directive ends; `nginx -t` of a whole file is webserver/test_servers.py."""
    bare = re.sub(r"\"[^\"]*\"|#.*", "", text)
    depth = 0
    for line in filter(None, map(str.strip, bare.splitlines())):
        assert line[-1] in ";{}", line
        depth += line.count("{") - line.count("}")
        assert depth >= 0, line
    assert depth == 0
