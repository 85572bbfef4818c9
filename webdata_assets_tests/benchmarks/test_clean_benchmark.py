import gzip
import json
import sys

import pytest

from webdata_assets_tests.benchmarks import clean
from webdata_assets_tests.clean.test_quality import prose


def test_any_folder_laid_out_like_the_shared_data_is_measured(tmp_path, monkeypatch, capsys) -> None:
    folder = tmp_path / "wcxb/dev"
    for name in ("html", "ground-truth"):
        (folder / name).mkdir(parents=True)
    for number in range(3):
        text = prose(12, seed=number)
        page = f"<html><body><main><p>{'</p><p>'.join(text.splitlines())}</p></main></body></html>"
        (folder / f"html/{number}.html.gz").write_bytes(gzip.compress(page.encode()))
        truth = {"url": f"https://site{number}.example/", "ground_truth": {"main_content": text}}
        (folder / f"ground-truth/{number}.json").write_text(json.dumps(truth))
    out = tmp_path / "out.json"
    monkeypatch.setattr(clean, "has_peer", lambda: False)
    monkeypatch.setattr(sys, "argv", ["clean", "--data", str(tmp_path), "--json", str(out)])
    clean.main()
    results = json.loads(out.read_text())
    assert [row["contender"] for row in results["whole"]] == [
        "webdata_assets fast",
        "webdata_assets balanced",
    ]
    assert all(row["documents kept"] == 3 for row in results["whole"])
    assert all(row["word F1 of the extracted text"] > 0.9 for row in results["whole"])
    assert "not installed" in capsys.readouterr().out


def test_word_f1_is_over_bags_of_words() -> None:
    assert clean.word_f1("a b b", "B b a") == 1
    assert clean.word_f1("a b", "a c") == pytest.approx(0.5)
    assert clean.word_f1("", "a") == 0
