"""Encoders beside sentence-transformers: chunks per CPU-second, memory, and what precision costs in ranking.

What belongs here: rounds and tables. What does not: a process that encodes (embed_contender.py). All sides
have the same weights and chunks. In each round every side has its turn, in a fresh process on one core; CPU
time is that of encoding alone, after a few chunks to warm up. Ranking is exact search over whole documents,
each cut at what the model reads.

`python -m webdata_assets_tests.benchmarks.embed --data DIR --json OUT`
"""

import importlib.util
import json
import os
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.embed_contender import COLLECTION, CONTENDERS, LENGTHS, OURS, PEER
from webdata_assets_tests.benchmarks.measuring import run_module

CONTENDER = "webdata_assets_tests.benchmarks.embed_contender"

Figures = dict[str, dict[str, list[float]]]
"""Values over the rounds, by contender and name."""


def contenders() -> list[str]:
    """Return those whose libraries are installed."""
    if importlib.util.find_spec("sentence_transformers"):
        return list(CONTENDERS)
    print("sentence-transformers is not installed: only our own figures (extra `transformers`)")
    return [name for name in CONTENDERS if name != PEER]


def run(task: str, folder: Path, **options: object) -> tuple[dict[str, dict[str, float]], int]:
    """Run a contender's process; return what it printed, and its peak memory in bytes."""
    given = [f"--{name}={value}" for name, value in options.items() if value is not None]
    cost, printed = run_module(CONTENDER, task, str(folder), *given)
    return json.loads(printed.splitlines()[-1]), cost.peak_bytes


def race(folder: Path, names: list[str], rounds: int) -> Figures:
    """Let everyone encode the chunks in each round, and once on all cores."""
    figures: Figures = {name: defaultdict(list) for name in names}
    cores = len(os.sched_getaffinity(0))
    for turn in range(rounds + 1):
        for name in names:
            alone = turn < rounds
            found, peak = run("measure", folder, contender=name, cores=1 if alone else cores)
            for length in LENGTHS:
                speed = found[str(length)]["per CPU-second" if alone else "per second"]
                figures[name][f"{length} tokens, {'one core' if alone else 'all cores'}"].append(speed)
            if alone:
                figures[name]["peak MB"].append(peak / 1e6)
    return figures


def speed_table(figures: Figures) -> list[dict[str, object]]:
    """Return medians over the rounds, beside those of the peer."""
    rows = []
    for name, values in figures.items():
        row: dict[str, object] = {"contender": name}
        for length in LENGTHS:
            speed = median(values[f"{length} tokens, one core"])
            row[f"chunks/CPU-s at {length}"] = round(speed, 1)
            if PEER in figures:
                row[f"× peer at {length}"] = speed / median(figures[PEER][f"{length} tokens, one core"])
            row[f"chunks/s at {length}, all cores"] = round(median(values[f"{length} tokens, all cores"]), 1)
        rows.append({**row, "peak MB": round(median(values["peak MB"]))})
    return rows


def ranking_table(folder: Path, data: Path, names: list[str]) -> list[dict[str, object]]:
    """Return nDCG@10 of each contender's vectors, and how far our default is from it."""
    cores = len(os.sched_getaffinity(0))
    scores = {
        name: float(run("rank", folder, contender=name, data=data, cores=cores)[0]["nDCG@10"])
        for name in names
    }
    return [
        {"contender": name, "nDCG@10": round(score, 4), "default − this": round(scores[OURS] - score, 4)}
        for name, score in scores.items()
    ]


def main() -> None:
    """Measure, print, write."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--chunks", type=int, default=100, help="of each length (default: %(default)s)")
    arguments.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    arguments.add_argument("--files", type=Path, help="a folder with the encoder's published files")
    given = arguments.parse_args()
    names = contenders()
    with tempfile.TemporaryDirectory(prefix="webdata-embed-") as scratch:
        folder = Path(scratch)
        made, _ = run("make", folder, files=given.files, data=given.data, chunks=given.chunks)
        figures = race(folder, names, given.rounds)
        has_collection = (given.data / COLLECTION / "qrels.tsv").is_file()
        ranking = ranking_table(folder, given.data, names) if has_collection else []
    speed = speed_table(figures)
    report(
        {"made": made, "rounds": figures, "speed": speed, "ranking": ranking},
        [("Speed and memory, medians over the rounds", speed), ("Cranfield, vectors alone", ranking)],
        given.json,
    )


if __name__ == "__main__":
    main()
