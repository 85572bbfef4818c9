"""datatrove's steps from raw HTML to deduplicated documents, in one process.

What belongs here: the steps as its own recipe for FineWeb chains them. What does not: measuring (clean.py).
Its URL filter is left out, because it asks for a download, and so is its list of bad words.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.lid import FT176LID

from webdata_assets.stages.clean.language import model_path


class LanguageOfText(BaseFilter):
    """datatrove's language filter with the small model that is at hand; its own downloads the large one."""

    name = "language"

    def __init__(self, language: str, threshold: float = 0.65) -> None:
        super().__init__()
        self.language, self.threshold = language, threshold
        self.identifier = FT176LID([language])
        self.identifier._model = _Model()

    def filter(self, doc: Document) -> bool:
        _, scores = self.identifier.predict(doc)
        return scores[self.language] > self.threshold


class _Model:
    """The model with NumPy's numbers, which datatrove expects."""

    def __init__(self) -> None:
        import fasttext

        self.model = fasttext.load_model(str(model_path()))

    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], np.ndarray]:
        labels, scores = self.model.predict(text, k=k)
        return labels, np.array(scores)


def quality_filters() -> list[BaseFilter]:
    """Return the filters as the FineWeb example of datatrove has them."""
    return [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]


def judge(texts: Iterable[str], filters: Iterable[BaseFilter]) -> int:
    """Let every filter judge every text, and return how many texts all of them keep."""
    kept = 0
    for number, text in enumerate(texts):
        # C4's filter changes the document
        verdicts = [each.filter(Document(text=text, id=str(number))) is True for each in filters]
        kept += all(verdicts)
    return kept


def filtered(documents: Iterable[Document], filters: Iterable[BaseFilter]) -> Iterator[Document]:
    """Return the documents that pass one filter after the other."""
    steps = list(filters)
    for document in documents:
        if all(step.filter(document) is True for step in steps):
            yield document


def deduplicated(documents: list[Document]) -> list[Document]:
    """Return the documents without near-duplicates, by the four steps over a temporary folder."""
    config = MinhashConfig(hash_config=HashConfig(hash_fc="sha1"))
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets, removed = (str(Path(folder) / name) for name in ("sigs", "buckets", "remove"))
        MinhashDedupSignature(signatures, config=config).run(documents, 0, 1)
        for bucket in range(config.num_buckets):
            MinhashDedupBuckets(signatures, buckets, config=config).run(None, bucket, config.num_buckets)
        MinhashDedupCluster(buckets, removed, config=config).run(None, 0, 1)
        return list(MinhashDedupFilter(removed).run(documents, 0, 1))
