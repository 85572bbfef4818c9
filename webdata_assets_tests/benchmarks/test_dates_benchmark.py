"""The benchmark of dates: it takes a part of the sets, and counts what is missing as wrong."""

import gzip
import json
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks import dates

PAGE = (
    "<html><head><title>A heading</title></head><body><h1>A heading</h1>"
    "<p class=byline>{}</p><p>Words of the page.</p></body></html>"
)


def data_with(folder: Path, gold: dict[str, str], shown: dict[str, str]) -> Path:
    """Lay out pages as in the shared data; `shown` is what each page shows, of those that are there."""
    pages = folder / "htmldate_eval/html"
    pages.mkdir(parents=True)
    listed = {f"http://{name}.test/": {"file": f"{name}.html", "date": date} for name, date in gold.items()}
    (pages.parent / "eval_default.json").write_text(json.dumps(listed))
    for name, text in shown.items():
        (pages / f"{name}.html.gz").write_bytes(gzip.compress(PAGE.format(text).encode()))
    return folder


def test_pages_that_are_there_are_counted_and_no_answer_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = {"one": "2020-05-04", "two": "2020-05-05", "absent": "2020-05-06"}
    shown = {"one": "By Ada, 4 May 2020", "two": "nothing"}
    data = data_with(tmp_path / "data", gold, shown)
    dates.main(["--data", str(data), "--json", str(tmp_path / "out.json")])
    ours = json.loads((tmp_path / "out.json").read_text())["htmldate"][dates.OURS]
    assert (ours["pages"], ours["right"], ours["answered"]) == (2, 1, 1)
    assert sum(pages for _, pages in ours["folds"]) == 2
    assert dates.HTMLDATE in capsys.readouterr().out


def test_a_folder_without_the_sets_gives_no_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dates.main(["--data", str(tmp_path)]) == 0
    assert "nothing to measure" in capsys.readouterr().out
