"""Retraining beside its peers: page types on unseen sites, the gain of more pages, and the same hash again.

What belongs here: folds, scores, the learning curve, cost at scale. What does not: contenders
(retrain_contenders.py), and pages (page_types.py).

Every contender learns from the same words, features and vectors of the same pages; no site is on both sides.
CPU time is that of learning and predicting over all folds; all calculate in one thread. Our few constants
(weight of features, regularisation, rare words) were chosen among some two hundred settings on these very
folds.

`python -m webdata_assets_tests.benchmarks.retrain --data DIR --json OUT`
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
import polars as pl

from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets.stages.learn.classifier import train
from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.page_types import TASK, read_examples
from webdata_assets_tests.benchmarks.retrain_contenders import CONTENDERS, Contender

FOLDS = 5
SIZES = (100, 200, 400)
SEEDS = (0, 1, 2)
ENCODERS = Path(__file__).parents[2] / ".webdata" / "encoders"

Row = dict[str, object]


def score(
    contender: Contender, rows: pl.DataFrame, size: int | None = None, seed: int = 0
) -> dict[str, float]:
    """Predict each fold by what was learnt from the others, or from so many of their rows drawn by chance.

    Returns:
        Macro F1 and accuracy over all rows, and the CPU seconds.
    """
    from sklearn.metrics import accuracy_score, f1_score
    from threadpoolctl import threadpool_limits

    actual: list[str] = []
    predicted: list[str] = []
    started = time.process_time()
    with threadpool_limits(limits=1):
        for fold in range(FOLDS):
            learnt, asked = rows.filter(pl.col("fold") != fold), rows.filter(pl.col("fold") == fold)
            if size is not None and size < learnt.height:
                learnt = learnt.sample(size, seed=seed)
            if asked.height and learnt["label"].n_unique() > 1:
                actual += asked["label"].to_list()
                predicted += contender(learnt, asked)
    return {
        "macro F1": float(f1_score(actual, predicted, average="macro", zero_division=0)),
        "accuracy": float(accuracy_score(actual, predicted)),
        "CPU s": time.process_time() - started,
    }


def curve(rows: pl.DataFrame) -> list[Row]:
    """Return macro F1 by the number of pages that were learnt from, the mean over draws."""
    return [
        {
            "contender": name,
            **{
                f"{size} pages": mean(score(CONTENDERS[name], rows, size, seed)["macro F1"] for seed in SEEDS)
                for size in SIZES
            },
        }
        for name in CONTENDERS
        if "balanced" in name or name.startswith("ours")
    ]


def hashes(rows: pl.DataFrame) -> list[Row]:
    """Return the artefact's hash, trained again, from shuffled rows, and by other numbers of threads."""
    plain = train(rows, TASK).artefact_hash
    ways = {
        "again": train(rows, TASK).artefact_hash,
        "rows shuffled": train(rows.sample(fraction=1, shuffle=True, seed=1), TASK).artefact_hash,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        rows.write_parquet(path)
        for threads in ("1", "2", "4"):
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")
            done = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--hash", str(path)],
                env={**os.environ, **dict.fromkeys(names, threads)},
                capture_output=True,
                text=True,
                check=True,
            )
            ways[f"another process, {threads} threads"] = done.stdout.split()[-1]
    return [{"trained": way, "hash": found[:16], "same": found == plain} for way, found in ways.items()]


def at_scale(rows: pl.DataFrame, count: int) -> Row:
    """Return the cost of training on so many rows, each a random half of the lines of some page."""
    random = np.random.default_rng(0)
    many = rows[random.integers(0, rows.height, count)].with_columns(
        record_id=pl.Series([f"{number:032x}" for number in range(count)])
    )
    halves = []
    for words in many["words"]:
        lines = np.array(words.split("\n"), dtype=object)
        halves.append("\n".join(lines[random.random(len(lines)) < 0.5]))
    many = many.with_columns(words=pl.Series(halves))
    started, wall = time.process_time(), time.perf_counter()
    classifier = train(many, TASK)
    return {
        "rows": count,
        "words and pairs read": len(classifier.inputs.buckets),
        "CPU s": time.process_time() - started,
        "wall s": time.perf_counter() - wall,
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "artefact MB": len(classifier.content) / 1e6,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    arguments = parser("Page types: our classifier beside its peers")
    arguments.add_argument("--encoders", type=Path, default=ENCODERS, help="where encoders are kept")
    arguments.add_argument("--limit", type=int, help="pages at most, evenly chosen")
    arguments.add_argument("--rows", type=int, default=0, help="also train on so many made-up rows")
    arguments.add_argument("--hash", type=Path, help="only print the hash of what these rows teach")
    asked = arguments.parse_args(given)
    if asked.hash:
        print(train(pl.read_parquet(asked.hash), TASK).artefact_hash)
        return 0
    encoder = load_encoder(EncoderSpec(asked.encoders))
    rows = read_examples(asked.data, encoder, asked.limit)
    if rows.is_empty():
        report({}, [("Page types", [])], asked.json)
        return 0
    folds = [fold_of(f"https://{site}/", FOLDS) for site in rows["group"]]
    rows = rows.with_columns(fold=pl.Series(folds))
    scores = [{"contender": name, **score(work, rows)} for name, work in CONTENDERS.items()]
    tables: list[tuple[str, list[Row]]] = [
        (
            f"{rows.height} pages of {rows['group'].n_unique()} sites, {rows['label'].n_unique()} types",
            scores,
        ),
        (f"Macro F1 by pages learnt from, mean of {len(SEEDS)} draws", curve(rows)),
        ("The same training set, the same hash", hashes(rows)),
    ]
    if asked.rows:
        tables.append(("Cost at scale", [at_scale(rows, asked.rows)]))
    report(dict(tables), tables, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
