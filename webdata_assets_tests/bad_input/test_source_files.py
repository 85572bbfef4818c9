"""Broken source files: every command that reads them names file, line, field and remedy, and does nothing."""

import pytest

from webdata_assets_tests.bad_input.inspecting import GOOD
from webdata_assets_tests.cli.calling import Webdata

BROKEN = {
    "malformed YAML": ("fetch:\n", "fetch: [\n", "bad.yaml:", "YAML"),
    "unknown field": ("extract:\n", "extrct:\n", "bad.yaml:9: extrct: ", "did you mean `extract`"),
    "unknown nested field": ("      start:", "      strat:", "bad.yaml:8: ", "did you mean `start`"),
    "duplicate source name": ("name: bad", "name: good", "good.yaml:1: name: ", "rename one of the two"),
    "name with a quote": ("name: bad", "name: ba'd", "bad.yaml:1: name: ", "lower-case letters"),
    "number as a date": (": 2026-06-01", ": 0", "bad.yaml:3: start: ", "write YYYY-MM-DD"),
    "name with a slash": ("name: bad", "name: ../bad", "bad.yaml:1: name: ", "lower-case letters"),
}


@pytest.mark.parametrize(("old", "new", "place", "remedy"), BROKEN.values(), ids=BROKEN)
def test_a_broken_source_file_is_reported_and_nothing_is_run(
    webdata: Webdata, old: str, new: str, place: str, remedy: str
) -> None:
    (webdata.sources / "good.yaml").write_text(GOOD)
    bad = GOOD.replace("name: good", "name: bad")
    assert old in bad
    (webdata.sources / "bad.yaml").write_text(bad.replace(old, new))

    checked = webdata("sources", "check")
    assert checked.exit_code == 2
    (line,) = [line for line in checked.stdout.splitlines() if place in line]
    assert remedy in line

    for command in (["run", "--source", "good"], ["sources", "list"]):
        said = webdata(*command)
        assert said.exit_code == 2
        assert line in said.stderr
    assert not webdata.store.exists()
