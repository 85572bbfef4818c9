"""How many tokens a language model would read.

What belongs here: counting. What does not: cutting texts into chunks for the encoder (embed/chunking),
whose vocabulary is another.
"""

import functools
from collections.abc import Callable

import polars as pl

VOCABULARY = "o200k_base"
"""The byte-pair vocabulary in use: that of OpenAI's models since GPT-4o, and near that of others."""


def count_tokens(texts: pl.Series) -> pl.Series:
    """Return the number of tokens of each text in the vocabulary `o200k_base`; null for null.

    Special tokens such as `<|endoftext|>` are counted as the characters that they are.
    """
    count = _counter()
    counts = [None if text is None else count(text) for text in texts]
    return pl.Series("tokens", counts, dtype=pl.Int32)


@functools.cache
def _counter() -> Callable[[str], int]:
    from rs_bpe.bpe import openai

    count: Callable[[str], int] = openai.o200k_base().count
    return count
