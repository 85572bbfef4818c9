import gzip
import json
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks import metadata

PAGE = (
    '<!doctype html><html lang="en"><head><title>Moon landing | Planet</title>'
    '<meta property="og:site_name" content="Planet"><meta name="author" content="Lois Lane"></head>'
    "<body><h1>Moon landing</h1><p>Men have landed.</p></body></html>"
)


def test_a_folder_with_one_set_is_measured_and_the_others_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "mozilla_readability" / "moon"
    page.mkdir(parents=True)
    (page / "source.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    gold = {
        "title": "Moon landing",
        "byline": "Clark Kent",
        "lang": "en-US",
        "siteName": "Planet",
        "excerpt": None,
    }
    (page / "expected-metadata.json").write_text(json.dumps(gold))
    out = tmp_path / "out.json"

    assert metadata.main(["--data", str(tmp_path), "--json", str(out)]) == 0

    rows = json.loads(out.read_text())["fields"]
    assert {row["field"]: row["ours"] for row in rows} == {
        "title": 1.0,
        "author": 0.0,
        "language": 1.0,
        "site_name": 1.0,
    }
    assert "pages per CPU-second" in capsys.readouterr().out


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    assert metadata.main(["--data", str(tmp_path)]) == 0
