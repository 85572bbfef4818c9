"""The metrics by which others score main content.

What belongs here: word F1 (WCXB), snippets (trafilatura's evaluation), shingles (the article extraction
benchmark). What does not: running extractors.
"""

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_SHINGLE = 4


def word_f1(text: str, gold: str) -> float:
    r"""Return the F1 over the bags of words (`\w+`, lower case); 1 where both are empty."""
    found, wanted = Counter(_WORD.findall(text.lower())), Counter(_WORD.findall(gold.lower()))
    total = found.total() + wanted.total()
    return 2 * (found & wanted).total() / total if total else 1.0


class SnippetScores:
    """Micro F1 over snippets that must be there, and snippets that must not."""

    def __init__(self) -> None:
        self.pages = 0
        self._kept = self._lost = self._leaked = 0

    def add(self, text: str, wanted: Sequence[str], unwanted: Sequence[str]) -> None:
        """Count one page."""
        whole = _normal(text)
        kept = sum(_normal(snippet) in whole for snippet in wanted)
        self.pages += 1
        self._kept += kept
        self._lost += len(wanted) - kept
        self._leaked += sum(_normal(snippet) in whole for snippet in unwanted)

    def result(self) -> dict[str, float]:
        """Return precision, recall and F1."""
        return _measures(
            self._kept / max(self._kept + self._leaked, 1), self._kept / max(self._kept + self._lost, 1)
        )


class ShingleScores:
    """Mean precision and mean recall over four words in a row, and the F1 of the two means."""

    def __init__(self) -> None:
        self.pages = 0
        self._precision = self._recall = 0.0

    def add(self, text: str, gold: str) -> None:
        """Count one page; precision counts as 1 where nothing was found, recall where nothing is wanted."""
        found, wanted = _shingles(text), _shingles(gold)
        common = (found & wanted).total()
        self.pages += 1
        self._precision += common / found.total() if found else 1.0
        self._recall += common / wanted.total() if wanted else 1.0

    def result(self) -> dict[str, float]:
        """Return precision, recall and F1."""
        return _measures(self._precision / max(self.pages, 1), self._recall / max(self.pages, 1))


def _measures(precision: float, recall: float) -> dict[str, float]:
    total = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / total if total else 0.0}


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    size = min(_SHINGLE, max(len(words), 1))
    return (
        Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1)) if words else Counter()
    )


def _normal(text: str) -> str:
    return " ".join(text.split())
