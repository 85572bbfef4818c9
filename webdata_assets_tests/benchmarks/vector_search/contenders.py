"""The contenders: each builds an index of vectors, answers, and takes other vectors for some of its rows.

What belongs here: calling each library as its documentation says, with the settings named here. What does
not: measuring, and judging answers.
"""

import importlib.util
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets.stages.index.index import Snapshot
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.recall import EVERYTHING
from webdata_assets_tests.benchmarks.vector_search.vectors import RARE, chunks

NEIGHBOURS = 10
LINKS, BUILD_CANDIDATES, SEARCH_CANDIDATES = 16, 150, 100
"""M, efConstruction and ef of the other libraries' graphs."""

Answer = list[int]


class Contender(ABC):
    """One library. `mask` tells which rows a filtered query may find."""

    name = ""
    note = ""

    def __init__(self, folder: Path, of_sources: np.ndarray) -> None:
        self.folder = folder
        self.of_sources = of_sources
        self.mask = of_sources == RARE

    @classmethod
    def installed(cls) -> bool:
        return importlib.util.find_spec(cls.name) is not None

    @abstractmethod
    def build(self, vectors: Vectors) -> None: ...

    @abstractmethod
    def query(self, vector: Vectors) -> Answer: ...

    def filtered(self, vector: Vectors) -> Answer | None:
        """Answer from the masked rows only; None where the library cannot."""
        return None

    def upsert(self, rows: np.ndarray, vectors: Vectors) -> bool:
        """Give some rows other vectors; False where the library cannot."""
        return False

    @abstractmethod
    def size(self) -> int:
        """Return the bytes on disk."""


class Ours(Contender):
    """Vectors, texts and columns, in a store that is never half written."""

    name = "ours"
    note = "with texts, full text, columns, commits"

    @classmethod
    def installed(cls) -> bool:
        return True

    def build(self, vectors: Vectors) -> None:
        self.index = LanceIndex(self.folder / "ours")
        self.chunks = chunks(vectors, self.of_sources, seed=1)
        self.index.sync(self.chunks)
        self.snapshot: Snapshot = self.index.at()

    def query(self, vector: Vectors) -> Answer:
        return self._rows(self.snapshot.nearest(vector, NEIGHBOURS, EVERYTHING))

    def filtered(self, vector: Vectors) -> Answer:
        return self._rows(self.snapshot.nearest(vector, NEIGHBOURS, replace(EVERYTHING, sources=(RARE,))))

    def upsert(self, rows: np.ndarray, vectors: Vectors) -> bool:
        first = self.chunks[rows.tolist()]
        changed = chunks(vectors, self.of_sources[rows], seed=2).with_columns(
            first["chunk_id"], first["record_id"]
        )
        others = self.chunks.join(changed, on="chunk_id", how="anti")
        self.chunks = pl.concat([others, changed]).sort("chunk_id")
        self.index.sync(self.chunks)
        self.snapshot = self.index.at()
        return True

    def size(self) -> int:
        return _bytes(self.folder / "ours")

    @staticmethod
    def _rows(found: pl.DataFrame) -> Answer:
        return [int(chunk_id[:32], 16) for chunk_id in found["chunk_id"]]


class BruteForce(Contender):
    name = "numpy"
    note = "compares with every vector"

    def build(self, vectors: Vectors) -> None:
        self.vectors = vectors.copy()

    def query(self, vector: Vectors) -> Answer:
        return _best(self.vectors @ vector)

    def filtered(self, vector: Vectors) -> Answer:
        rows = np.flatnonzero(self.mask)
        return [int(rows[at]) for at in _best(self.vectors[rows] @ vector)]

    def upsert(self, rows: np.ndarray, vectors: Vectors) -> bool:
        self.vectors[rows] = vectors
        return True

    def size(self) -> int:
        return self.vectors.nbytes


class Faiss(Contender):
    name = "faiss"
    note = "HNSWFlat; cannot replace or delete"

    def build(self, vectors: Vectors) -> None:
        import faiss

        self.index: Any = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = BUILD_CANDIDATES
        self.index.hnsw.efSearch = SEARCH_CANDIDATES
        self.index.add(vectors)
        chosen = faiss.IDSelectorBatch(np.flatnonzero(self.mask))
        self.parameters = faiss.SearchParametersHNSW(sel=chosen, efSearch=SEARCH_CANDIDATES)

    def query(self, vector: Vectors) -> Answer:
        return _found(self.index.search(vector[None], NEIGHBOURS)[1][0])

    def filtered(self, vector: Vectors) -> Answer:
        return _found(self.index.search(vector[None], NEIGHBOURS, params=self.parameters)[1][0])

    def size(self) -> int:
        import faiss

        faiss.write_index(self.index, str(self.folder / "faiss"))
        return _bytes(self.folder / "faiss")


class Hnswlib(Contender):
    name = "hnswlib"

    def build(self, vectors: Vectors) -> None:
        import hnswlib

        self.index: Any = hnswlib.Index(space="ip", dim=vectors.shape[1])
        self.index.init_index(len(vectors), M=LINKS, ef_construction=BUILD_CANDIDATES, random_seed=0)
        self.index.add_items(vectors)
        self.index.set_ef(SEARCH_CANDIDATES)

    def query(self, vector: Vectors) -> Answer:
        return _found(self.index.knn_query(vector, NEIGHBOURS, num_threads=1)[0][0])

    def filtered(self, vector: Vectors) -> Answer | None:
        allowed = self.mask.tolist()
        try:
            found = self.index.knn_query(vector, NEIGHBOURS, num_threads=1, filter=allowed.__getitem__)
        except RuntimeError:  # it found fewer than asked for, and answers with nothing
            return []
        return _found(found[0][0])

    def upsert(self, rows: np.ndarray, vectors: Vectors) -> bool:
        self.index.add_items(vectors, rows)
        return True

    def size(self) -> int:
        self.index.save_index(str(self.folder / "hnswlib"))
        return _bytes(self.folder / "hnswlib")


class Usearch(Contender):
    name = "usearch"
    note = "no filters"

    def build(self, vectors: Vectors) -> None:
        from usearch.index import Index

        self.index: Any = Index(
            ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=LINKS,
            expansion_add=BUILD_CANDIDATES, expansion_search=SEARCH_CANDIDATES,
        )  # fmt: skip
        self.index.add(np.arange(len(vectors)), vectors)

    def query(self, vector: Vectors) -> Answer:
        return _found(self.index.search(vector, NEIGHBOURS, threads=1).keys)

    def upsert(self, rows: np.ndarray, vectors: Vectors) -> bool:
        self.index.remove(rows)
        self.index.add(rows, vectors)
        return True

    def size(self) -> int:
        self.index.save(str(self.folder / "usearch"))
        return _bytes(self.folder / "usearch")


CONTENDERS: tuple[type[Contender], ...] = (Ours, Faiss, Hnswlib, Usearch, BruteForce)


def _best(similarities: np.ndarray) -> Answer:
    chosen = np.argpartition(-similarities, NEIGHBOURS)[:NEIGHBOURS]
    return [int(row) for row in chosen[np.argsort(-similarities[chosen])]]


def _found(keys: np.ndarray) -> Answer:
    return [int(key) for key in keys if key >= 0]


def _bytes(place: Path) -> int:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())
