"""Retrieval on judged queries: our text, vector and hybrid search beside other libraries, in one run.

What belongs here: judging rankings, and the tables. What does not: the formulas (ranking_metrics.py), and the
ways to rankings (rankings/).

`python -m webdata_assets_tests.benchmarks.retrieval --collection DIR --json OUT`
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.measuring import ROOT
from webdata_assets_tests.benchmarks.ranking_metrics import exponential_gain, mean_interval, ndcg, recall
from webdata_assets_tests.benchmarks.rankings.collection import (
    FILES,
    Collection,
    is_collection,
    read_collection,
)
from webdata_assets_tests.benchmarks.rankings.ours import Ranked, chunks_of, our_rankings
from webdata_assets_tests.benchmarks.rankings.peers import (
    bm25s_rankings,
    exact_rankings,
    has_stemmer,
    lancedb_rankings,
)

ENCODERS = ROOT / ".webdata" / "encoders"
HYBRID = "ours: hybrid"
PEER = "LanceDB's own hybrid (RRFReranker)"

Row = dict[str, object]


def contend(collection: Collection) -> dict[str, Ranked]:
    """Return the rankings of every contender. The default encoder makes all vectors but those in fp32."""
    encoder = load_encoder(EncoderSpec(folder=ENCODERS))
    chunks = chunks_of(collection, encoder)
    with tempfile.TemporaryDirectory() as folder:
        ours = our_rankings(collection, chunks, encoder, Path(folder) / "ours")
        ranked = {f"ours: {mode}": each for mode, each in ours.items()}
        ranked[PEER] = lancedb_rankings(collection, chunks, encoder, Path(folder) / "peer")
    ranked["bm25s, defaults"] = bm25s_rankings(collection, stemming=False)
    if has_stemmer():
        ranked["bm25s, stemming"] = bm25s_rankings(collection, stemming=True)
    exact = load_encoder(EncoderSpec(folder=ENCODERS, precision="fp32"))
    ranked["vectors in fp32, exact"] = exact_rankings(collection, chunks, exact)
    return ranked


def judged(collection: Collection, ranked: Mapping[str, Ranked]) -> list[Row]:
    """Return the mean figures of each contender over the queries."""
    return [
        {
            "contender": name,
            "nDCG@10": fmean(ndcg(each.rankings[query], collection.grades[query]) for query in each.rankings),
            "nDCG@10, gain 2^grade-1": fmean(
                ndcg(each.rankings[query], collection.grades[query], gain=exponential_gain)
                for query in each.rankings
            ),
            "recall@10": fmean(
                recall(each.rankings[query], collection.grades[query]) for query in each.rankings
            ),
            "queries per second": round(len(each.rankings) / each.seconds, 1),
        }
        for name, each in ranked.items()
    ]


def differences(collection: Collection, ranked: Mapping[str, Ranked]) -> list[Row]:
    """Return by how much our hybrid search is better than each other, with the 95 % interval over queries."""
    best = ranked[HYBRID].rankings
    rows: list[Row] = []
    for name, each in ranked.items():
        if name == HYBRID:
            continue
        values = [
            ndcg(best[query], grades) - ndcg(each.rankings[query], grades)
            for query, grades in collection.grades.items()
        ]
        low, high = mean_interval(values)
        rows.append({"hybrid minus": name, "nDCG@10": fmean(values), "low": low, "high": high})
    return rows


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument(
        "--collection",
        type=Path,
        help=f"a folder with {', '.join(FILES)}; cranfield in --data if not given",
    )
    given = arguments.parse_args()
    folder = given.collection or given.data / "cranfield"
    rows: list[Row] = []
    compared: list[Row] = []
    if is_collection(folder):
        collection = read_collection(folder)
        ranked = contend(collection)
        rows, compared = judged(collection, ranked), differences(collection, ranked)
    report(
        {"collection": folder.name, "rankings": rows, "differences": compared},
        [
            (f"{folder.name}: trec_eval's nDCG (linear gain), mean over the queries", rows),
            ("Our hybrid search minus each other: mean, and 95 % interval by paired bootstrap", compared),
        ],
        given.json,
    )


if __name__ == "__main__":
    main()
