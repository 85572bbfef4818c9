"""What an encoder is: texts to unit vectors, under one id.

What belongs here: the protocol that chunking, embedding, search and serving rely on. What does not: the
encoders themselves and how one is chosen (encoders/).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

OnProgress = Callable[[int, int], None]
"""Called with the number of texts done and of all."""


@dataclass(frozen=True)
class Usage:
    """What an encoder was paid for since it was loaded; nothing where it runs on this machine."""

    texts: int = 0
    tokens: int = 0
    """As the endpoint counted them."""
    cost: float = 0.0
    """In the currency of the configured price."""


class TextEncoder(Protocol):
    """What chunking, embedding and search need of an encoder."""

    @property
    def model_id(self) -> str:
        """`name@weights-sha/precision/pooling/max-length`: vectors of two ids are never mixed."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """What is read of one text, special tokens included; more is cut."""

    @property
    def splits_at_space(self) -> bool:
        """Whether the tokens between two spaces are the same ones, whatever is around them."""

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what is searched for: as `encode`, with the model's prefix for queries."""

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its tokens, special ones left out."""

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return `token_offsets` of each text; much faster than one by one."""

    def usage(self) -> Usage:
        """Return what was paid for since the encoder was loaded."""
