"""How alike two versions of a text are.

What belongs here: the measure. What does not: finding duplicates among many texts (dedup/).
"""

import re

SHINGLE_WORDS = 3
MAX_WORDS = 20_000
"""Of each text that are compared: bounds the time of a pair to some hundredths of a second."""

_SCRIPTS_WITHOUT_SPACES = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_SCRIPTS_WITHOUT_SPACES}]|[^\W{_SCRIPTS_WITHOUT_SPACES}]+")


def text_similarity(one: str | None, other: str | None) -> float | None:
    """Return the Jaccard index of the texts' word 3-shingles (Broder 1997), without regard to case.

    A text of fewer words is one shingle. Scripts that put no spaces between words (Thai, Lao, Burmese, Khmer,
    Chinese, Japanese) are compared by characters. None where neither is a text.
    """
    if one is None and other is None:
        return None
    if one == other:
        return 1.0
    first, second = _shingles(one or ""), _shingles(other or "")
    if not first and not second:
        return 1.0
    return len(first & second) / len(first | second)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = []
    for match in _WORD.finditer(text.lower()):
        words.append(match.group())
        if len(words) == MAX_WORDS:
            break
    if not words:
        return set()
    if len(words) < SHINGLE_WORDS:
        return {tuple(words)}
    return set(zip(*(words[start:] for start in range(SHINGLE_WORDS)), strict=False))
