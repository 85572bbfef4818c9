"""What encoders have in common.

What belongs here: parts of the protocol with one obvious answer, ids, limits. What does not: any model.
"""

import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.encoder import OnProgress, Usage, Vectors

LEAST_TOKENS = 16
"""Below which a chunk would hold hardly more than its special tokens."""


class LocalEncoder(ABC):
    """An encoder that costs nothing but time."""

    model_id: str
    dimensions: int
    max_tokens: int
    splits_at_space: bool = False
    """Whether the tokens between two spaces are the same ones, whatever is around them."""

    @abstractmethod
    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts."""

    @abstractmethod
    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return start and end, in characters, of each token of each text, special ones left out."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what is searched for; the same as of texts unless a model differs."""
        return self.encode(texts)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its tokens, special ones left out."""
        return self.token_offsets_batch([text])[0]

    def usage(self) -> Usage:
        """Return nothing: there is nobody to pay."""
        return Usage()


def model_id(name: str, weights: str, precision: str, pooling: str, max_tokens: int) -> str:
    """Return the id under which vectors are kept: everything that changes a vector is in it."""
    return f"{name}@{weights}/{precision}/{pooling}/{max_tokens}"


def limited_tokens(wanted: int, readable: int) -> int:
    """Return how much is read of a text: what is wanted, or with 0 all that the model reads.

    Raises:
        PermanentError: more is wanted than the model reads, or next to nothing.
    """
    if wanted and not LEAST_TOKENS <= wanted <= readable:
        raise refusal(
            f"WEBDATA_ENCODER_MAX_TOKENS={wanted} is not between {LEAST_TOKENS} and the {readable} tokens "
            "that the model reads; change it, or unset it for all of them"
        )
    return wanted or readable


def refusal(message: str) -> PermanentError:
    """Return the error for settings and files that cannot be used; the message names the remedy."""
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)


def import_extra(module: str, extra: str) -> Any:
    """Import a module that an extra of this package installs.

    Raises:
        PermanentError: it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise refusal(f"{module} is not installed: pip install 'webdata_assets[{extra}]'") from error


def unit_rows(vectors: Vectors) -> Vectors:
    """Return the rows at unit length; a row of zeros (no known token) gets equal components."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    even = np.float32(vectors.shape[1] ** -0.5)
    rows: Vectors = np.where(norms > 0, vectors / np.where(norms > 0, norms, 1), even).astype(np.float32)
    return rows


def available_cores() -> int:
    """Return the number of cores that this process may use, where the system tells, else of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
