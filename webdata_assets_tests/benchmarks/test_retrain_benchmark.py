"""The benchmark of retraining: it takes a part of the pages, and gives every contender the same ones."""

import gzip
import json
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks import retrain
from webdata_assets_tests.benchmarks.retrain_contenders import CONTENDERS

WORDS = {
    "product": "Add this lamp to your basket, we ship it tomorrow and you may return it for a month.",
    "forum": "I have the same question as the others in this thread, did anybody find an answer to it?",
}


def lay_out(folder: Path, pages: int) -> Path:
    for number in range(pages):
        kind = sorted(WORDS)[number % 2]
        html = f"<title>Page {number}</title><main><h1>Page {number}</h1><p>{WORDS[kind]} {number}</p></main>"
        told = {"url": f"https://site-{number}.test/", "_internal": {"page_type": {"primary": kind}}}
        for part, name, content in (
            ("html", f"{number:04d}.html.gz", gzip.compress(html.encode())),
            ("ground-truth", f"{number:04d}.json", json.dumps(told).encode()),
        ):
            (folder / "wcxb/dev" / part).mkdir(parents=True, exist_ok=True)
            (folder / "wcxb/dev" / part / name).write_bytes(content)
    return folder


@pytest.mark.soak
def test_every_contender_is_scored_on_sites_it_has_not_seen(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retrain, "SIZES", (12,))
    monkeypatch.setattr(retrain, "SEEDS", (0,))
    out = tmp_path / "out.json"
    arguments = ["--data", str(lay_out(tmp_path, 24)), "--encoders", str(encoder_folder), "--json", str(out)]
    assert retrain.main([*arguments, "--rows", "30"]) == 0
    scores, curve, hashes, cost = json.loads(out.read_text()).values()
    assert [row["contender"] for row in scores] == list(CONTENDERS)
    assert all(row["macro F1"] > 0.9 for row in scores if row["contender"].startswith("ours"))
    assert all(row["12 pages"] > 0.5 for row in curve)
    assert all(row["same"] for row in hashes)
    assert cost[0]["rows"] == 30
    assert "24 pages of 24 sites, 2 types" in capsys.readouterr().out


def test_a_folder_without_pages_is_nothing_to_measure(
    tmp_path: Path, encoder_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrain.main(["--data", str(tmp_path), "--encoders", str(encoder_folder)]) == 0
    assert "nothing to measure" in capsys.readouterr().out
