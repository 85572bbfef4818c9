"""The benchmark of checks times every layer, each with one check step."""

import gzip
import json
import sys

import pytest

from webdata_assets.automation.jobs import CRAWLED
from webdata_assets_tests.benchmarks import checks
from webdata_assets_tests.clean.test_quality import prose


@pytest.mark.soak
def test_each_layer_is_timed_with_its_one_check_step(tmp_path, monkeypatch, capsys) -> None:
    folder = tmp_path / "wcxb/dev/html"
    folder.mkdir(parents=True)
    monkeypatch.setattr(checks, "DOCUMENTATION", tmp_path / "none")
    for number in range(2):
        page = (
            f"<html><head><title>{number}</title></head><body><p>{prose(12, seed=number)}</p></body></html>"
        )
        (folder / f"{number}.html.gz").write_bytes(gzip.compress(page.encode()))
    out = tmp_path / "out.json"
    arguments = ["checks", "--data", str(tmp_path), "--pages", "3", "--embed-up-to", "0", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    checks.main()
    rows = json.loads(out.read_text())["3 pages"]
    measured = {row["layer"] for row in rows} - {"in all"}
    assert measured == set(CRAWLED) - {"embeddings", "dead_letters", "quarantine"}
    assert all(0 < row["share"] < 1 for row in rows)
    assert "check step s" in capsys.readouterr().out


def test_no_pages_is_said(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(checks, "DOCUMENTATION", tmp_path / "none")
    monkeypatch.setattr(sys, "argv", ["checks", "--data", str(tmp_path), "--pages", "3"])
    checks.main()
    assert capsys.readouterr().out.startswith("no pages in ")
