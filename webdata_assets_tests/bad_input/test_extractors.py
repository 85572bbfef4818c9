"""Functions that sources name: what is wrong with one is said before a page is fetched, or of the page."""

import sys
from pathlib import Path

import pytest

from webdata_assets_tests.bad_input.inspecting import write_source
from webdata_assets_tests.cli.calling import Webdata

MODULE = "bad_extractors"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a module that can be imported."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return folder / f"{MODULE}.py"


def write_bad(webdata: Webdata) -> None:
    write_source(webdata, "bad", extract={"kind": "item", "python": f"{MODULE}:read"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0\n", "cannot be imported: ZeroDivisionError"),
        ("import gone_for_good\n", "cannot be imported: ModuleNotFoundError"),
        ("def read(:\n", "cannot be imported: SyntaxError"),
        ("def reed(document, payload):\n    return {}\n", "has no function 'read'"),
        ("def read():\n    return {}\n", "must take two arguments"),
    ],
)
def test_the_check_names_file_line_and_remedy_of_an_unusable_function(
    webdata: Webdata, module: Path, text: str, told: str
) -> None:
    module.write_text(text)
    write_bad(webdata)
    said = webdata("sources", "check")
    assert said.exit_code == 2
    (line,) = said.stdout.splitlines()
    path, number, rest = line.split(":", 2)
    assert path.endswith("bad.yaml")
    assert (
        (webdata.sources / "bad.yaml").read_text().splitlines()[int(number) - 1].strip().startswith("python:")
    )
    assert rest.startswith(f" extract.python: {MODULE}:read: ")
    assert told in rest
    assert "; correct it, or the name in the source file" in rest


def test_loading_sources_runs_none_of_a_functions_module(webdata: Webdata, module: Path) -> None:
    module.write_text("raise SystemExit('imported')\n")
    write_bad(webdata)
    said = webdata("sources", "list")
    assert said.exit_code == 0
    assert MODULE not in sys.modules


def test_a_module_that_does_not_exist_is_a_broken_source_file(webdata: Webdata) -> None:
    write_source(webdata, "bad", extract={"kind": "item", "python": "no_such_module_at_all:read"})
    for command in (["sources", "check"], ["sources", "list"]):
        said = webdata(*command)
        assert said.exit_code == 2
        assert (
            "extract.python: there is no module 'no_such_module_at_all': install it"
            in said.stdout + said.stderr
        )


def test_a_bug_of_a_function_is_shown_with_its_place_and_no_record_is_made_up(
    webdata: Webdata, module: Path
) -> None:
    module.write_text("def read(document, payload):\n    return {'n': document.gone}\n")
    write_bad(webdata)
    page = webdata.folder / "page.html"
    page.write_text("<!doctype html><h1>A page</h1>")
    said = webdata("try", str(page), "--source", "bad", "--json")
    assert said.exit_code == 1
    report = said.json()
    assert (report["ok"], report["records_found"]) == (False, 0)
    (problem,) = report["problems"]
    assert f"extract.python {MODULE}:read raised AttributeError" in problem
    assert f"({MODULE}.py:2 in read)" in problem
