"""Gold answers → which blocks of a page are main content.

What belongs here: the alignment of blocks and gold texts. What does not: reading the data sets (pages.py).
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GRAM = 4
_WORD = re.compile(r"\w+")
_SNIPPET_CHARACTERS = 12


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case, as the word F1 of WCXB counts them."""
    return _WORD.findall(text.lower())


def labels_of_text(texts: Sequence[str], gold: str) -> NDArray[np.float64]:
    """Return of each block the share of its words that stand in the gold text in the same surroundings.

    A word counts where any four words in a row around it, across the ends of blocks too, stand in the gold
    text: so a short block is told by what is before and after it. Of a block that is a line of the gold text
    by itself at least a half counts.
    """
    wanted = words_of(gold)
    size = min(_GRAM, max(1, len(wanted)))
    grams = {tuple(wanted[at : at + size]) for at in range(len(wanted) - size + 1)}
    lines = {tuple(words_of(line)) for line in gold.split("\n")}
    blocks = [words_of(text) for text in texts]
    read = [word for block in blocks for word in block]
    matched = np.zeros(len(read))
    for at in range(len(read) - size + 1):
        if tuple(read[at : at + size]) in grams:
            matched[at : at + size] = 1
    labels = np.zeros(len(texts))
    start = 0
    for at, block in enumerate(blocks):
        if block:
            labels[at] = matched[start : start + len(block)].mean()
            if labels[at] < 0.5 and len(block) < _GRAM and tuple(block) in lines:
                labels[at] = 0.5
        start += len(block)
    return labels


def labels_of_snippets(
    texts: Sequence[str], wanted: Sequence[str], unwanted: Sequence[str]
) -> NDArray[np.float64]:
    """Return of each block 1 where it holds a wanted snippet, 0 an unwanted one, NaN neither or both."""
    labels = np.full(len(texts), np.nan)
    keep = [_normal(snippet) for snippet in wanted]
    drop = [_normal(snippet) for snippet in unwanted]
    for at, text in enumerate(texts):
        normal = _normal(text)
        is_wanted = any(snippet in normal for snippet in keep)
        if is_wanted != any(snippet in normal for snippet in drop):
            labels[at] = float(is_wanted)
    return labels


def labels_of_extract(texts: Sequence[str], extracted: str) -> NDArray[np.float64]:
    """Return of each block 1 where another extractor's text holds it, else 0."""
    whole = _normal(extracted)
    held = (len(text) > _SNIPPET_CHARACTERS and _normal(text) in whole for text in texts)
    return np.fromiter(held, np.float64, len(texts))


def _normal(text: str) -> str:
    return " ".join(text.split())
