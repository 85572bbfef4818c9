"""The retrieval benchmark: what it reads, how it judges, and that hybrid search keeps its lead."""

import json
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks.arguments import SHARED_DATA
from webdata_assets_tests.benchmarks.rankings.collection import (
    Collection,
    Document,
    is_collection,
    part_of,
    read_collection,
)
from webdata_assets_tests.benchmarks.rankings.ours import Ranked, chunks_of, our_rankings
from webdata_assets_tests.benchmarks.rankings.peers import (
    bm25s_rankings,
    exact_rankings,
    lancedb_rankings,
)
from webdata_assets_tests.benchmarks.retrieval import HYBRID, differences, judged
from webdata_assets_tests.embed.tiny import real_encoder_or_skip, tiny_encoder

CRANFIELD = SHARED_DATA / "cranfield"
LEAD = 0.02

SMALL = Collection(
    documents=[
        Document("kettle", "Kettles", "A red kettle boils water."),
        Document("teapot", None, "A blue teapot of porcelain."),
        Document("bank", None, "The central bank sets interest rates."),
    ],
    queries={"1": "boiling kettles", "2": "porcelain"},
    grades={"1": {"kettle": 2}, "2": {"teapot": 1}},
)


def write(folder: Path, qrels: str) -> None:
    documents = [{"id": "a", "title": "T", "text": "x"}, {"_id": "b", "text": "y"}]
    queries = [{"id": name, "text": f"query {name}"} for name in ("1", "2", "3")]
    (folder / "docs.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)) + "\n")
    (folder / "qrels.tsv").write_text(qrels)


def test_a_collection_is_read_with_or_without_a_heading(tmp_path):
    write(tmp_path, "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n2\tb\t-1\n")
    collection = read_collection(tmp_path)
    assert collection.documents == [Document("a", "T", "x"), Document("b", None, "y")]
    # nothing is relevant to 2, and 3 was not judged
    assert collection.queries == {"1": "query 1"}
    assert collection.grades == {"1": {"a": 2, "b": 0}}
    assert collection.documents[0].whole == "T\nx"
    assert is_collection(tmp_path)
    assert not is_collection(tmp_path / "nowhere")


def test_a_part_holds_the_documents_judged_for_its_queries_and_some_others():
    documents = [Document(str(number), None, "") for number in range(10)]
    whole = Collection(documents, {"1": "", "2": ""}, {"1": {"0": 1, "9": 0}, "2": {"1": 1}})
    part = part_of(whole, 2)
    assert list(part.queries) == list(part.grades) == ["1"]
    assert [document.id for document in part.documents] == ["0", "1", "3", "5", "7", "9"]


def test_every_way_finds_what_is_plainly_asked_for(tmp_path):
    encoder = tiny_encoder()
    chunks = chunks_of(SMALL, encoder)
    ways = our_rankings(SMALL, chunks, encoder, tmp_path / "ours")
    ways["peer"] = lancedb_rankings(SMALL, chunks, encoder, tmp_path / "peer")
    for name in ("text", "hybrid", "peer"):
        assert ways[name].rankings["2"][0] == "teapot", name
    assert ways["text"].rankings == {"1": ["kettle"], "2": ["teapot"]}
    assert bm25s_rankings(SMALL, stemming=False).rankings["2"] == ["teapot"]
    assert exact_rankings(SMALL, chunks, encoder).rankings == ways["vector"].rankings


def test_means_and_differences_are_over_the_queries():
    right = Ranked({"1": ["kettle"], "2": ["teapot"]}, 0.5)
    half = Ranked({"1": ["kettle"], "2": ["bank"]}, 0.5)
    rows = judged(SMALL, {HYBRID: right, "other": half})
    assert [(row["nDCG@10"], row["recall@10"], row["queries per second"]) for row in rows] == [
        (1.0, 1.0, 4.0), (0.5, 0.5, 4.0),
    ]  # fmt: skip
    (row,) = differences(SMALL, {HYBRID: right, "other": half})
    assert (row["hybrid minus"], row["nDCG@10"], row["low"], row["high"]) == ("other", 0.5, 0.0, 1.0)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("one_in", "floor"),
    [(8, 0.72), (1, 0.42)],
)
def test_hybrid_search_is_better_than_text_and_vectors_alone(one_in, floor, tmp_path):
    if not is_collection(CRANFIELD):
        pytest.skip(f"needs {CRANFIELD}")
    encoder = real_encoder_or_skip()
    collection = part_of(read_collection(CRANFIELD), one_in)
    ways = our_rankings(collection, chunks_of(collection, encoder), encoder, tmp_path / "index")
    score = {row["contender"]: row["nDCG@10"] for row in judged(collection, ways)}
    assert score["hybrid"] >= floor
    assert score["hybrid"] >= max(score["text"], score["vector"]) + LEAD
