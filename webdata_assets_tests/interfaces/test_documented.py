"""The examples in docs/reading.md do what they say."""

import re
from pathlib import Path

import pytest

from webdata_assets.errors import NotAdmittedError
from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.interfaces.stored import ADMITTED, FAILED, ROWS

PAGE = (REPOSITORY / "docs" / "reading.md").read_text(encoding="utf-8")
HEIGHT = ROWS * len(ADMITTED)


def test_its_python_runs_and_gives_admitted_rows(store: Store, tmp_path: Path) -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"(?<!-->\n\n)```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks[:-1]:
        exec(block, names)
    assert names["frame"].height == len(names["pandas"]) == names["arrow"].num_rows == HEIGHT
    assert names["height"] == HEIGHT
    assert sorted(names["counts"]) == [("demo_blog", ROWS), ("demo_shop", 2 * ROWS)]
    assert (tmp_path / "texts.parquet").exists()
    exec(blocks[-1], names)
    assert names["rows"].collect().height == 2 * ROWS


def test_the_error_that_it_shows_is_the_one_that_is_raised(store: Store) -> None:
    call, shown = re.search(r"```pycon\n>>> (.*?)\n(.*?)\n```", PAGE, re.DOTALL).groups()
    assert str(FAILED.date) in call and FAILED.source in call
    with pytest.raises(NotAdmittedError) as raised:
        exec(f"import webdata_assets\n{call}")
    assert f"{raised.type.__name__}: {raised.value}" == shown
