"""What README and docs promise exists."""

import re
from pathlib import Path

import pytest
import typer.main

from webdata_assets.cli.main import app
from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.deployment import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def test_the_source_in_ten_lines_is_a_valid_source(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    settings = [line for line in block[1].splitlines() if line and not line.startswith("#")]
    assert len(settings) <= 10
    (tmp_path / "my_blog.yaml").write_text(block[1])
    assert list(load_sources(tmp_path).enabled) == ["my_blog"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert broken == []


def test_every_webdata_command_exists() -> None:
    group = typer.main.get_command(app)
    known = set(group.commands)  # type: ignore[attr-defined]
    named = set(
        re.findall(r"webdata (\w+)", "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL)))
    )
    assert named and named <= known


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets


def test_every_test_file_that_is_named_as_proof_exists() -> None:
    named = re.findall(r"(webdata_assets_tests/[\w/.]+)", README)
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
