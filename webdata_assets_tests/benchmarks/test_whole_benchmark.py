"""The race over the whole way: its scores, its measuring, and that ours goes the whole way over ten pages."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks.arguments import SHARED_DATA
from webdata_assets_tests.benchmarks.whole.collection import MARK, Truth, changed_page, make_site
from webdata_assets_tests.benchmarks.whole.costs import run_command
from webdata_assets_tests.benchmarks.whole.outcome import Outcome
from webdata_assets_tests.benchmarks.whole.overhead import Overhead
from webdata_assets_tests.benchmarks.whole.scores import dedup_precision, quality_of
from webdata_assets_tests.benchmarks.whole.verdicts import (
    cpu_verdicts,
    overhead_verdict,
    quality_verdicts,
)

LONG = " ".join(f"word{number}" for number in range(100))
OTHER = " ".join(f"other{number}" for number in range(100))
TRUTH = Truth(
    pages=["one.html", "two.html", "copy.html"],
    gold={"one.html": LONG, "two.html": OTHER},
    snippets={"two.html": (["other1 other2"], ["menu"])},
    documents={"one.html": "1", "copy.html": "1", "two.html": "2"},
    copies={"copy.html": "one.html"},
    changed=["two.html"],
)
GRADES = {"query": {"1": 1}}
BEST = Outcome(
    texts={"one.html": LONG, "copy.html": LONG, "two.html": OTHER},
    good=["one.html", "two.html", "copy.html"],
    indexed={"one.html": LONG, "two.html": f"{OTHER} {MARK}"},
    rankings={"query": ["1", "2"]},
)


def test_a_perfect_outcome_scores_one_everywhere() -> None:
    quality = quality_of(BEST, TRUTH, GRADES, day=1)
    assert (quality.word_f1, quality.snippet_f1, quality.ndcg, quality.recall) == (1, 1, 1, 1)
    assert (quality.dedup_recall, quality.dedup_precision, quality.current, quality.indexed) == (1, 1, 1, 2)


def test_a_page_without_text_costs_its_share_of_f1() -> None:
    outcome = replace(BEST, texts={"one.html": LONG})
    assert quality_of(outcome, TRUTH, GRADES, day=0).word_f1 == 0.5


def test_a_copy_that_is_served_beside_its_original_is_a_miss() -> None:
    outcome = replace(BEST, indexed={**BEST.indexed, "copy.html": LONG})
    quality = quality_of(outcome, TRUTH, GRADES, day=0)
    assert (quality.dedup_recall, quality.planted_recall) == (0, 0)


def test_a_copy_that_extraction_made_another_text_counts_as_planted_only() -> None:
    truth = replace(TRUTH, copies={"copy.html": "one.html", "two.html": "one.html"})
    quality = quality_of(BEST, truth, GRADES, day=0)
    assert (quality.dedup_recall, quality.planted_recall) == (1, 0.5)


def test_a_pair_that_the_filters_broke_says_nothing_of_dedup() -> None:
    outcome = replace(BEST, good=["one.html", "two.html"])
    broken = replace(TRUTH, copies={"copy.html": "one.html", "two.html": "one.html"})
    assert quality_of(outcome, broken, GRADES, day=0).dedup_recall == 0
    assert dedup_precision(outcome) == 1


def test_a_page_left_out_for_no_twin_is_a_false_duplicate() -> None:
    outcome = replace(BEST, indexed={"one.html": LONG})
    assert dedup_precision(outcome) == 0.5


def test_an_index_that_holds_yesterdays_text_is_not_current() -> None:
    outcome = replace(BEST, indexed={"one.html": LONG, "two.html": OTHER})
    assert quality_of(outcome, TRUTH, GRADES, day=1).current == 0
    assert quality_of(outcome, TRUTH, GRADES, day=0).current is None


def test_the_right_document_in_second_place_is_worth_less() -> None:
    outcome = replace(BEST, rankings={"query": ["2", "1"]})
    assert quality_of(outcome, TRUTH, GRADES, day=0).ndcg == pytest.approx(0.6309, abs=1e-4)


def test_each_claim_can_fail() -> None:
    assert [each.holds for each in cpu_verdicts({0: 10, 1: 1}, {0: 30, 1: 20})] == [True, True]
    assert [each.holds for each in cpu_verdicts({0: 10, 1: 1}, {0: 29, 1: 19})] == [False, False]
    plain = Overhead("plain", whole=30, direct=10, steps=10)
    assert overhead_verdict(Overhead("ours", 9, 1, 20), plain).holds
    assert not overhead_verdict(Overhead("ours", 10, 1, 20), plain).holds
    worse = quality_of(replace(BEST, texts={}), TRUTH, GRADES, day=0)
    best = quality_of(BEST, TRUTH, GRADES, day=0)
    assert {each.claim for each in quality_verdicts(worse, best) if not each.holds} == {
        "word_f1",
        "snippet_f1",
    }


def test_a_changed_page_gains_one_sentence_in_its_longest_paragraph() -> None:
    html = "<p>short</p><div><p>a much longer paragraph</p></div>"
    assert changed_page(html, "a.html") == (
        f"<p>short</p><div><p>a much longer paragraph {MARK} a has been looked through again by its editors."
        "</p></div>"
    )
    assert changed_page("<div>none</div>", "a.html") is None


@pytest.mark.skipif(sys.platform != "linux", reason="waits for orphans by a call of Linux")
def test_children_that_nobody_waited_for_are_counted(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    start = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}], start_new_session=True)"
    )
    assert run_command([sys.executable, "-c", start], {}).cpu_seconds >= 0.5


def test_the_site_has_pages_gold_copies_and_changes(tmp_path: Path) -> None:
    if not (SHARED_DATA / "cranfield" / "docs.jsonl").is_file():
        pytest.skip(f"no judged collection in {SHARED_DATA}")
    truth = make_site(SHARED_DATA, tmp_path / "site", pages=100)
    stored = {path.name for path in (tmp_path / "site" / "day1").iterdir()}
    assert stored == set(truth.pages)
    assert {path.name for path in (tmp_path / "site" / "day2").iterdir()} == set(truth.changed)
    assert truth.changed
    assert truth.gold.keys() | truth.snippets.keys() | truth.documents.keys() <= stored
    assert all(truth.documents[copy] == truth.documents[of] for copy, of in truth.copies.items()
               if of in truth.documents)  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_all_contenders_go_the_whole_way(tmp_path: Path) -> None:
    from webdata_assets_tests.benchmarks.whole.__main__ import main

    for package in ("scrapy", "datatrove", "fastembed", "spacy"):
        pytest.importorskip(package)
    if not (SHARED_DATA / "cranfield" / "docs.jsonl").is_file():
        pytest.skip(f"no judged collection in {SHARED_DATA}")
    out = tmp_path / "race.json"
    main(["--pages", "80", "--without-overhead", "--json", str(out)])
    told = json.loads(out.read_bytes())
    assert [row["day"] for row in told["runs"]] == [1, 2] * 3
    judged = {(row["contender"], row["day"]): row for row in told["quality"]}
    assert all(row["current"] == 1 for (_, day), row in judged.items() if day == 2)
    assert judged["script", 1] == {**judged["plain Dagster", 1], "contender": "script"}
    assert judged["ours", 1]["word_f1"] > judged["script", 1]["word_f1"]
