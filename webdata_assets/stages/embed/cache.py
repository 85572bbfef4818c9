"""Vectors that were encoded before: how they are asked for, and whether they are fit for use.

What belongs here: the protocol of a cache, its bytes, and their verification. What does not: where a
deployment keeps them (store/vectors.py), and what is encoded (embed.py).
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.encoder import TextEncoder, Vectors

NORM_TOLERANCE = 1e-3
"""By which the length of a vector may differ from 1."""

FOUND_SCHEMA = pl.Schema({"text_hash": pl.String, "vector": pl.Binary})


class VectorCache(Protocol):
    """Vectors by model and hash of the text; a vector is its float32 values, little-endian."""

    def known(self, model_id: str, hashes: pl.Series) -> pl.DataFrame:
        """Return `text_hash` and `vector` of those texts that the model has encoded; each once."""

    def add(self, model_id: str, vectors: pl.DataFrame) -> None:
        """Keep `text_hash` and `vector` of texts that the model has encoded."""


class MemoryCache:
    """Vectors that last as long as the process, for tools that store nothing."""

    def __init__(self) -> None:
        self._vectors: dict[str, dict[str, bytes]] = {}

    def known(self, model_id: str, hashes: pl.Series) -> pl.DataFrame:
        """Return `text_hash` and `vector` of those texts that the model has encoded; each once."""
        held = self._vectors.get(model_id, {})
        found = [(text_hash, held[text_hash]) for text_hash in hashes.unique() if text_hash in held]
        return pl.DataFrame(found, schema=FOUND_SCHEMA, orient="row")

    def add(self, model_id: str, vectors: pl.DataFrame) -> None:
        """Keep `text_hash` and `vector` of texts that the model has encoded."""
        self._vectors.setdefault(model_id, {}).update(vectors.select(FOUND_SCHEMA.names()).iter_rows())


def packed(vectors: Vectors) -> pl.Series:
    """Return the rows of a matrix as bytes, as a cache holds them."""
    data, width = np.ascontiguousarray(vectors, dtype="<f4").tobytes(), 4 * vectors.shape[1]
    rows = [data[start : start + width] for start in range(0, len(data), width)]
    return pl.Series("vector", rows, dtype=pl.Binary)


def unpacked(found: pl.DataFrame, encoder: TextEncoder) -> Vectors:
    """Return cached vectors as the rows of a matrix, verified.

    Args:
        found: `text_hash` and `vector` as a cache gives them.
        encoder: of whose model they are.

    Raises:
        PermanentError: a vector is damaged; the message names it and the remedy.
    """
    sizes = found["vector"].bin.size()
    damaged = found.filter(sizes != 4 * encoder.dimensions)
    if damaged.is_empty():
        matrix = np.frombuffer(b"".join(found["vector"]), dtype="<f4").reshape(-1, encoder.dimensions)
        damaged = found.filter(pl.Series(deviates(matrix), dtype=pl.Boolean))
    if damaged.height:
        raise PermanentError(
            f"{damaged.height} cached vectors of {encoder.model_id} are damaged: not {encoder.dimensions} "
            f"finite numbers of length 1, such as that of text_hash {damaged.item(0, 'text_hash')}. Delete "
            "the folder of the table `vectors` in the store: it is a cache, its texts are encoded again",
            failure_domain=FailureDomain.MODEL,
        )
    return matrix


def deviates(matrix: Vectors) -> npt.NDArray[np.bool_]:
    """Return for each row whether it is something else than finite and of unit length."""
    norms = np.linalg.norm(matrix.astype(np.float64), axis=1)
    wrong: npt.NDArray[np.bool_] = ~(np.abs(norms - 1.0) <= NORM_TOLERANCE)
    return wrong
