"""Texts with known likeness, for the tests of deduplication.

What belongs here: making texts, and the plain definition of their similarity. What does not: assertions.
"""

import random

import polars as pl

VOCABULARY = [f"word{number}" for number in range(5_000)]


def text(seed: int, words: int = 200) -> str:
    """Return a text of random words: two seeds have next to nothing in common."""
    generator = random.Random(seed)
    return " ".join(generator.choice(VOCABULARY) for _ in range(words))


def edited(original: str, edits: int, seed: int = 0) -> str:
    """Return the text with some words replaced, far from each other."""
    words = original.split(" ")
    generator = random.Random(f"{seed} {edits}")
    for at in generator.sample(range(len(words)), edits):
        words[at] = f"edit{generator.random()}"
    return " ".join(words)


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of the two sets of five-word shingles, by definition."""
    first, second = (
        {tuple(words[at : at + 5]) for at in range(max(1, len(words) - 4))}
        for words in (one.lower().split(), other.lower().split())
    )
    return len(first & second) / len(first | second)


def records(*texts: str | None) -> pl.DataFrame:
    """Return records 0, 1, … with these texts, at urls in the same order."""
    return pl.DataFrame(
        {
            "record_id": [f"{number:032x}" for number in range(len(texts))],
            "text": list(texts),
            "url": [f"https://shop.example.com/{number:06}" for number in range(len(texts))],
            "ordinal": [0] * len(texts),
        },
        schema={"record_id": pl.String, "text": pl.String, "url": pl.String, "ordinal": pl.Int32},
    )
