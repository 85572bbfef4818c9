"""Tokens of endpoints' models: byte pairs of the vocabulary `o200k_base`, with offsets in characters.

What belongs here: offsets. What does not: counting tokens of records (clean/tokens.py).
"""

import functools
from typing import Any

import numpy as np

_CONTINUATION, _CONTINUATION_MASK = 0x80, 0xC0
"""Of a UTF-8 byte that continues a character."""


def byte_pair_offsets(text: str) -> list[tuple[int, int]]:
    """Return start and end, in characters, of each token of `text`.

    A token that ends within a character reaches to its end, and the next one starts with it, so that slices
    at offsets are never broken characters.
    """
    if not text:
        return []
    lengths = [_bytes_of(token) for token in _tokenizer().encode(text)]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    if ends[-1] == len(text):
        return list(zip(starts.tolist(), ends.tolist(), strict=True))
    encoded = np.frombuffer(text.encode(), dtype=np.uint8)
    character = np.cumsum((encoded & _CONTINUATION_MASK) != _CONTINUATION) - 1
    return list(zip(character[starts].tolist(), (character[ends - 1] + 1).tolist(), strict=True))


@functools.cache
def _tokenizer() -> Any:
    from rs_bpe.bpe import openai

    return openai.o200k_base()


@functools.cache
def _pairs() -> Any:
    return _tokenizer().bpe()


@functools.lru_cache(maxsize=65_536)
def _bytes_of(token: int) -> int:
    return len(_pairs().decode_tokens([token]))
