"""What a contender has made, read back in one shape: `python -m …outcome NAME PLAN DATA DAY SITE OUT`.

What belongs here: reading texts, what was kept, and the answers to the judged queries. What does not:
judging them (scores.py).
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets_tests.benchmarks.ranking_metrics import CUTOFF
from webdata_assets_tests.benchmarks.rankings.collection import part_of, read_collection
from webdata_assets_tests.benchmarks.whole import by_ours, steps
from webdata_assets_tests.benchmarks.whole.collection import Truth
from webdata_assets_tests.benchmarks.whole.plan import Plan

OURS = "ours"
_CANDIDATES = 100
"""Chunks that LanceDB ranks for ten documents, as many as our search does."""


@dataclass(frozen=True)
class Outcome:
    """What is there after a day.

    Attributes:
        texts: page → main content, of every page that was extracted, kept or not.
        good: pages that passed the filters.
        indexed: page → what the index holds of it, chunk after chunk.
        rankings: query → documents, best first.
    """

    texts: dict[str, str]
    good: list[str]
    indexed: dict[str, str]
    rankings: dict[str, list[str]]

    @classmethod
    def load(cls, file: Path) -> "Outcome":
        """Read what `main` wrote."""
        return cls(**json.loads(file.read_bytes()))


def of_script(plan: Plan, queries: dict[str, str], documents: dict[str, str]) -> Outcome:
    """Read what script and plain Dagster left: LanceDB's own hybrid query ranks."""
    import lancedb
    from lancedb.rerankers import RRFReranker

    texts = pl.read_parquet(plan.folder / "texts.parquet")
    good = pl.read_parquet(plan.folder / "good.parquet")["url"]
    table = lancedb.connect(plan.folder / "index" / "lance").open_table(steps.TABLE)
    held = pl.from_arrow(table.to_arrow().select(["url", "chunk"]))
    assert isinstance(held, pl.DataFrame)
    encoder, reranker = steps.encoder(plan.model), RRFReranker()

    def answer(words: str) -> list[str]:
        vector = next(iter(encoder.query_embed(words)))
        query: Any = table.search(query_type="hybrid").vector(vector).text(words)
        found = query.distance_type("cosine").rerank(reranker).limit(_CANDIDATES).to_arrow()
        return [steps.name_of(url) for url in found["url"].to_pylist()]

    return Outcome(
        {steps.name_of(url): text for url, text in texts.select("url", "text").iter_rows()},
        [steps.name_of(url) for url in good],
        _joined(held.rename({"chunk": "text"})),
        _rankings(answer, queries, documents),
    )


def of_ours(plan: Plan, queries: dict[str, str], documents: dict[str, str]) -> Outcome:
    """Read what the deployment holds: its own search ranks."""
    os.environ.update(by_ours.environment(plan.folder))
    from webdata_assets.schemas import TABLES
    from webdata_assets.serving.pair import open_pair
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store

    settings = Settings()
    store = Store.of(settings)
    records = store.tables.scan(TABLES["records"]).sort("date").select("url", "text").collect()
    refused = store.tables.scan(TABLES["quarantine"]).sort("date").select("url", "rule", "record").collect()
    texts = {
        steps.name_of(url): json.loads(record).get("text") or ""
        for url, record in refused.select("url", "record").iter_rows()
    }
    texts |= {steps.name_of(url): text for url, text in records.iter_rows()}
    duplicates = refused.filter(pl.col("rule") == "duplicate")["url"]
    pair = open_pair(store, settings)
    chunks = store.tables.scan(TABLES["embeddings"]).select("chunk_id", "text").unique("chunk_id")
    held = store.tables.scan(TABLES["vector_index"]).select("chunk_id", "record_id").join(chunks, "chunk_id")
    corpus = store.tables.scan(TABLES["corpus"]).select("record_id", "url")

    def answer(words: str) -> list[str]:
        return [steps.name_of(hit.url) for hit in pair.search(words, limit=2 * CUTOFF)]

    return Outcome(
        texts,
        [steps.name_of(url) for url in {*records["url"], *duplicates}],
        _joined(held.join(corpus, "record_id").collect()),
        _rankings(answer, queries, documents),
    )


def _joined(chunks: pl.DataFrame) -> dict[str, str]:
    whole = chunks.group_by("url").agg(pl.col("text").str.join("\n"))
    return {steps.name_of(url): text for url, text in whole.iter_rows()}


def _rankings(
    answer: Callable[[str], list[str]], queries: dict[str, str], documents: dict[str, str]
) -> dict[str, list[str]]:
    """Return the documents of the best pages; a copy counts as its original, other pages take no place."""
    return {
        query: list(dict.fromkeys(documents[page] for page in answer(words) if page in documents))[:CUTOFF]
        for query, words in queries.items()
    }


def main() -> None:
    """Read, and write one JSON file."""
    name, plan, data, site, out = sys.argv[1:]
    truth = Truth.load(Path(site))
    judged = read_collection(Path(data) / "cranfield")
    judged = part_of(judged, truth.one_in) if truth.one_in > 1 else judged
    read = of_ours if name == OURS else of_script
    outcome = read(Plan.load(plan), judged.queries, truth.documents)
    Path(out).write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
