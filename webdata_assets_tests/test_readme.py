"""What the README promises exists. Its links, commands and blocks: docs/, with those of all pages."""

import re
from pathlib import Path

from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.deployment import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_source_in_ten_lines_is_a_valid_source(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    settings = [line for line in block[1].splitlines() if line and not line.startswith("#")]
    assert len(settings) <= 10
    (tmp_path / "my_blog.yaml").write_text(block[1])
    assert list(load_sources(tmp_path).enabled) == ["my_blog"]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets
