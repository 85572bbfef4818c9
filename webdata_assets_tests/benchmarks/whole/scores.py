"""How good a day's outcome is: main content, near-duplicates, retrieval, and whether changes have arrived.

What belongs here: formulas over one outcome and the truth. What does not: reading outcomes (outcome.py).
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from statistics import fmean

from webdata_assets_tests.benchmarks.content_scores import SnippetScores, word_f1
from webdata_assets_tests.benchmarks.near_duplicates.corpus import shingle_set
from webdata_assets_tests.benchmarks.ranking_metrics import ndcg, recall
from webdata_assets_tests.benchmarks.whole.collection import MARK, Truth
from webdata_assets_tests.benchmarks.whole.outcome import Outcome

ALIKE = 0.75
"""Jaccard from which on a page that was left out as a duplicate was rightly left out."""
SAME = 0.8
"""Jaccard from which on one page of a pair has to be left out."""


@dataclass(frozen=True)
class Quality:
    """Figures of one contender on one day.

    Attributes:
        word_f1: mean over pages whose main content is known; a page without text scores 0.
        snippet_f1: micro F1 over the pages of which snippets are known.
        dedup_recall: share of planted pairs that are at least `SAME` by the contender's own texts, of which
            both pages passed the filters, with one page left.
        planted_recall: the same of all planted pairs that passed: a copy has its original's main content in
            another page, of which extraction may take more or less.
        dedup_precision: share of pages left out as duplicates that are at least `ALIKE` to one that is in.
        ndcg, recall: at 10, mean over the judged queries.
        current: share of the changed pages in the index that it holds as they are on that day; None on the
            first day.
        indexed: pages in the index.
    """

    word_f1: float
    snippet_f1: float
    dedup_recall: float
    planted_recall: float
    dedup_precision: float
    ndcg: float
    recall: float
    current: float | None
    indexed: int


def quality_of(outcome: Outcome, truth: Truth, grades: Mapping[str, Mapping[str, int]], day: int) -> Quality:
    """Return the figures of an outcome of a day, counted from 0."""
    snippets = SnippetScores()
    for page, (wanted, unwanted) in truth.snippets.items():
        snippets.add(outcome.texts.get(page, ""), wanted, unwanted)
    found = [ndcg(outcome.rankings[query], each) for query, each in grades.items()]
    recalled = [recall(outcome.rankings[query], each) for query, each in grades.items()]
    changed = [page for page in truth.changed if page in outcome.indexed] if day else []
    return Quality(
        word_f1=_mean([word_f1(outcome.texts.get(page, ""), gold) for page, gold in truth.gold.items()]),
        snippet_f1=snippets.result()["f1"],
        dedup_recall=planted_recall(outcome, truth.copies, SAME),
        planted_recall=planted_recall(outcome, truth.copies),
        dedup_precision=dedup_precision(outcome),
        ndcg=_mean(found),
        recall=_mean(recalled),
        current=_mean([float(MARK in outcome.indexed[page]) for page in changed]) if day else None,
        indexed=len(outcome.indexed),
    )


def planted_recall(outcome: Outcome, copies: Mapping[str, str], least: float = 0.0) -> float:
    """Return the share of planted pairs that passed the filters whole and have one page in the index.

    Args:
        outcome: of a contender.
        copies: copy → original.
        least: Jaccard of a pair's own texts below which it does not count.
    """
    good = set(outcome.good)
    pairs = [pair for pair in copies.items() if good.issuperset(pair)]
    return _mean(
        [
            float(len(outcome.indexed.keys() & set(pair)) == 1)
            for pair in pairs
            if _jaccard(*(shingle_set(outcome.texts.get(page, "")) for page in pair)) >= least
        ]
    )


def dedup_precision(outcome: Outcome) -> float:
    """Return the share of pages left out as duplicates that are like one in the index, by their own texts."""
    left_out = [page for page in outcome.good if page not in outcome.indexed and outcome.texts.get(page)]
    if not left_out:
        return 1.0
    holders: dict[int, set[str]] = {}
    sets = {page: shingle_set(outcome.texts[page]) for page in outcome.indexed if page in outcome.texts}
    for page, shingles in sets.items():
        for shingle in shingles:
            holders.setdefault(shingle, set()).add(page)
    right = 0
    for page in left_out:
        own = shingle_set(outcome.texts[page])
        others = {other for shingle in own for other in holders.get(shingle, ())}
        right += any(_jaccard(own, sets[other]) >= ALIKE for other in others)
    return right / len(left_out)


def _jaccard(one: Set[int], other: Set[int]) -> float:
    return len(one & other) / max(1, len(one | other))


def _mean(values: list[float]) -> float:
    return fmean(values) if values else 0.0
