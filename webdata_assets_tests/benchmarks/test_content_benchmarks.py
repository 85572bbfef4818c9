import gzip
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets_tests.benchmarks.content_scores import ShingleScores, SnippetScores, word_f1

PARAGRAPH = "The harbour was built in the year of the great flood, and rebuilt twice after storms. "


@pytest.fixture
def unknown_page(tmp_path: Path) -> Path:
    folder = tmp_path / "article_extraction_benchmark"
    (folder / "html").mkdir(parents=True)
    html = f"<!doctype html><nav><a href=/>Home</a></nav><article><h1>A</h1><p>{PARAGRAPH * 5}</p></article>"
    (folder / "html/one.html.gz").write_bytes(gzip.compress(html.encode()))
    told = {"one": {"articleBody": PARAGRAPH * 5, "url": "http://harbour.test/one"}}
    (folder / "ground-truth.json").write_text(json.dumps(told))
    return tmp_path


def test_pages_that_the_weights_have_not_seen_are_scored_by_them(
    unknown_page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("readability", reason="the peers are in the extra `benchmark`")
    from webdata_assets_tests.benchmarks import extract_quality

    out = unknown_page / "out.json"
    arguments = ["extract_quality", "--data", str(unknown_page), "--json", str(out), "--limit", "1"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert extract_quality.main() == 0
    scores = json.loads(out.read_text())["scores"]["ours balanced"]["article_extraction_benchmark"]
    assert scores["recall"] == 1
    assert scores["precision"] > 0.9


def test_a_folder_without_pages_is_nothing_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from webdata_assets_tests.benchmarks import extract_quality, extract_speed

    for benchmark in (extract_quality, extract_speed):
        monkeypatch.setattr(sys, "argv", ["benchmark", "--data", str(tmp_path)])
        assert benchmark.main() == 0
    assert capsys.readouterr().out.count("nothing to measure") == 2


def test_word_f1_counts_words_as_often_as_they_stand() -> None:
    assert word_f1("a b b", "A b c") == pytest.approx(2 * 2 / 6)
    assert word_f1("", "") == 1


@given(st.text(), st.text())
def test_word_f1_is_the_same_both_ways(one: str, other: str) -> None:
    assert word_f1(one, other) == word_f1(other, one)


def test_snippets_that_leak_cost_precision_and_lost_ones_recall() -> None:
    scores = SnippetScores()
    scores.add("keep  this\nline and that", wanted=["keep this line", "lost"], unwanted=["and that", "gone"])
    assert scores.result() == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_shingles_are_four_words_in_a_row() -> None:
    scores = ShingleScores()
    scores.add("a b c d e", "a b c d x")
    assert scores.result() == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
