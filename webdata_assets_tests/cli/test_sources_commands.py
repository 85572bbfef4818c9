"""`webdata sources`: what is declared, whether it is good, and a first file to edit."""

import shutil
from pathlib import Path

from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets_tests.cli.calling import Webdata


def test_a_new_source_file_passes_the_check(webdata: Webdata) -> None:
    url = "https://docs.example.com/guide/start.html"
    made = webdata("sources", "new", url, "--name", "my_docs", "--blank")
    assert made.exit_code == 0
    assert "my_docs.yaml" in made.stdout
    assert "webdata try https://docs.example.com/guide/start.html --source my_docs" in made.stdout
    checked = webdata("sources", "check")
    assert (checked.exit_code, checked.stdout.strip()) == (0, "1 source files are good.")


def test_a_new_source_file_never_replaces_one(webdata: Webdata) -> None:
    blank = ("--name", "my_docs", "--blank")
    first = webdata("sources", "new", "https://docs.example.com/", *blank, "--json").json()
    assert first == {"path": str(webdata.sources / "my_docs.yaml"), "name": "my_docs"}
    content = (webdata.sources / "my_docs.yaml").read_text()
    again = webdata("sources", "new", "https://other.example.com/", *blank)
    assert again.exit_code == 2
    assert "my_docs.yaml exists; choose another name" in again.stderr
    assert (webdata.sources / "my_docs.yaml").read_text() == content


def test_a_new_source_needs_an_allowed_name_and_an_absolute_url(webdata: Webdata) -> None:
    for name, url, told in (
        ("My Docs", "https://docs.example.com/", "use lower-case letters"),
        ("../docs", "https://docs.example.com/", "use lower-case letters"),
        ("my_docs", "docs.example.com", "not an absolute http or https URL"),
    ):
        said = webdata("sources", "new", url, "--name", name, "--blank")
        assert said.exit_code == 2
        assert told in said.stderr
    assert list(webdata.sources.iterdir()) == []


def test_list_shows_every_source(webdata: Webdata) -> None:
    shutil.copy(PACKAGED_SOURCES / "demo_shop.yaml", webdata.sources)
    shutil.copy(PACKAGED_SOURCES / "docs_python.yaml", webdata.sources)
    said = webdata("sources", "list")
    assert said.exit_code == 0
    assert "demo_shop" in said.stdout
    rows = webdata("sources", "list", "--json").json()
    assert [(row["name"], row["enabled"], row["kind"]) for row in rows] == [
        ("demo_shop", True, "product"),
        ("docs_python", False, "document"),
    ]


def test_check_as_json_lists_problems(webdata: Webdata) -> None:
    (webdata.sources / "bad.yaml").write_text("name: bad\n")
    said = webdata("sources", "check", "--json")
    assert said.exit_code == 2
    report = said.json()
    assert report["sources"] == 0
    assert any("bad.yaml:1: " in problem for problem in report["problems"])


def test_check_tells_of_a_patch_that_does_nothing(webdata: Webdata) -> None:
    shutil.copy(PACKAGED_SOURCES / "demo_api.yaml", webdata.sources)
    patches = Path(webdata.environment["WEBDATA_HOME"]) / "patches"
    patches.mkdir(parents=True, exist_ok=True)
    text = (PACKAGED_SOURCES / "demo_api.yaml").read_text()
    (patches / "gone.yaml").write_text(text.replace("demo_api", "gone"))
    said = webdata("sources", "check")
    assert said.exit_code == 0
    assert "gone.yaml: does nothing, for its source is not in" in said.stdout.replace("\n", " ")


def test_check_names_the_line_of_a_quality_rule_that_does_not_exist(webdata: Webdata) -> None:
    assert webdata("sources", "new", "https://example.com/", "--name", "blog", "--blank").exit_code == 0
    file = webdata.sources / "blog.yaml"
    line = file.read_text().rstrip().count("\n") + 2
    file.write_text(file.read_text().rstrip() + '\nclean: {quality: {except: ["c4:nope"]}}\n')
    said = webdata("sources", "check", "--json")
    assert said.exit_code == 2
    (problem,) = said.json()["problems"]
    assert f"blog.yaml:{line}: clean.quality.except: there is no rule c4:nope" in problem
    assert "c4:sentences" in problem


def test_an_empty_folder_says_how_to_begin(webdata: Webdata) -> None:
    for command in (["sources", "list"], ["run", "--source", "x"], ["sources", "check"]):
        said = webdata(*command)
        assert said.exit_code == 2
        assert "webdata sources new" in said.stdout + said.stderr
