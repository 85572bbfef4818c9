"""Pages of known types as examples: through extraction, cleaning, features, chunks and vectors as in a run.

What belongs here: where WCXB keeps its pages and types, and the way to rows of the training set. What does
not: learning from them (retrain.py).
"""

import datetime as dt
import gzip
import json
from pathlib import Path

import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.corpus.corpus import build_corpus
from webdata_assets.stages.embed.cache import MemoryCache
from webdata_assets.stages.embed.embed import embed_records
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.extract.extractor import Payload, extract_pages
from webdata_assets.stages.featurize.features import featurize
from webdata_assets.stages.learn.training_set import build_training_set
from webdata_assets.tasks.model import Label, Task

DATE = dt.date(2026, 1, 1)
TASK = Task(name="page_type", description="The type of a page", label=Label(field="category"))
_SOURCE = Source.model_validate(
    {
        "name": "benchmark",
        "description": "Pages of a benchmark",
        "start": DATE.isoformat(),
        "fetch": {"discover": [{"by": "urls", "start": ["https://example.org/"]}]},
        "extract": {"kind": "document"},
        "clean": {"pii": "keep", "injection": "keep", "duplicates": {"action": "keep"}},
        "expect": {"required": []},
    }
)


def read_examples(data: Path, encoder: TextEncoder, limit: int | None = None) -> pl.DataFrame:
    """Return rows of the training set, one per page of WCXB below a folder, labelled with the page's type.

    Args:
        data: a folder laid out like the shared data.
        encoder: makes the vectors.
        limit: pages at most, evenly chosen.
    """
    truths = sorted((data / "wcxb").glob("*/ground-truth/*.json"))
    truths = truths[:: max(1, -(-len(truths) // limit))] if limit else truths
    types, payloads = {}, []
    for truth in truths:
        page = truth.parents[1] / "html" / f"{truth.stem}.html.gz"
        if page.is_file():
            stated = json.loads(truth.read_text())
            types[stated["url"]] = stated["_internal"]["page_type"]["primary"]
            payloads.append(_payload(stated["url"], gzip.decompress(page.read_bytes())))
    records = clean(_SOURCE, DATE, extract_pages(_SOURCE, payloads)).records.with_columns(
        category=pl.col("url").replace_strict(types, default=None, return_dtype=pl.String)
    )
    corpus = build_corpus(records.lazy(), TABLES["pages"].empty().lazy(), TABLES["near_duplicates"].empty())
    embeddings = embed_records(records, encoder, MemoryCache())
    return build_training_set(corpus, featurize(records, DATE), embeddings, TASK)


def _payload(url: str, body: bytes) -> Payload:
    return Payload(url, url, "text/html", body, blake3(body).hexdigest(), DATE)
