"""The index: build, query, filtered query, upsert and size, beside other libraries, in one process.

What belongs here: measuring and the table. What does not: the vectors and the contenders (vector_search/).
Queries are asked of all contenders in turn, all of them on one core.

`python -m webdata_assets_tests.benchmarks.index --rows 100000 --json OUT`
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from webdata_assets.stages.embed.encoder import Vectors
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.vector_search.contenders import (
    CONTENDERS,
    NEIGHBOURS,
    Answer,
    Contender,
)
from webdata_assets_tests.benchmarks.vector_search.vectors import questions, sources, topical

DIMENSIONS = 384
UPSERTED_SHARE = 0.01
MEBIBYTE = 2**20
TIE = 1e-5

Result = TypeVar("Result")


def main() -> None:
    """Measure all contenders that are installed."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--rows", type=int, default=100_000, help="vectors (default: %(default)s)")
    arguments.add_argument("--queries", type=int, default=200, help="of each kind (default: %(default)s)")
    arguments.add_argument("--vectors", type=Path, help="a .npy of unit vectors, in place of synthetic ones")
    given = arguments.parse_args()
    vectors = (
        np.load(given.vectors)[: given.rows].astype(np.float32)
        if given.vectors
        else topical(given.rows, DIMENSIONS, seed=1)
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = race(vectors, given.queries, Path(folder))
    title = f"{len(vectors):,} vectors of {vectors.shape[1]} dimensions, filter 1 %, on one core"
    report({"contenders": rows}, [(title, rows)], given.json)


def race(vectors: Vectors, count: int, folder: Path) -> list[dict[str, object]]:
    """Build every contender's index, ask all of them the same queries in turn, then change some rows."""
    of_sources = sources(len(vectors), seed=2)
    contenders = []
    for kind in CONTENDERS:
        if kind.installed():
            contenders.append(kind(folder, of_sources))
        else:
            print(f"{kind.name} is not installed: left out")
    builds = [_timed(lambda each=each: each.build(vectors)) for each in contenders]
    asked = questions(vectors, count, seed=3)
    _stay_on_one_core()
    with threadpool_limits(1):
        plain = _ask(contenders, asked, [each.query for each in contenders])
        within = _ask(contenders, asked, [each.filtered for each in contenders])
    _use_all_cores()
    similarities = asked @ vectors.T
    mask = contenders[0].mask
    sizes = [each.size() for each in contenders]
    changed = np.random.default_rng(4).choice(len(vectors), int(len(vectors) * UPSERTED_SHARE), replace=False)
    others = topical(len(changed), vectors.shape[1], seed=5)
    table: list[dict[str, object]] = []
    for number, each in enumerate(contenders):
        (seconds, processor), _ = builds[number]
        upserted, done = _timed(lambda each=each: each.upsert(changed, others))
        answers, times, processor_times = plain[number]
        found, filtered_times, _ = within[number]
        can_filter = found[0] is not None
        table.append(
            {
                "contender": each.name,
                "build s": round(seconds, 1),
                "build CPU-s": round(processor, 1),
                "p50 ms": float(np.median(times)),
                "p95 ms": float(np.percentile(times, 95)),
                "p50 CPU-ms": float(np.median(processor_times)),
                "recall@10": recall(answers, similarities),
                "filtered p50 ms": float(np.median(filtered_times)) if can_filter else None,
                "filtered recall@10": (
                    recall(found, np.where(mask, similarities, -np.inf)) if can_filter else None
                ),
                "upsert of 1 % s": round(upserted[0], 1) if done else None,
                "MiB": round(sizes[number] / MEBIBYTE),
                "note": each.note,
            }
        )
    return table


def recall(answers: Sequence[Answer | None], similarities: Vectors) -> float:
    """Return the share of the true ten nearest that the answers hold; those that tie with the tenth count."""
    found = 0
    for answer, row in zip(answers, similarities, strict=True):
        tenth = np.partition(row, -NEIGHBOURS)[-NEIGHBOURS]
        found += int((row[answer or []] >= tenth - TIE).sum())
    return found / (NEIGHBOURS * len(answers))


def _ask(
    contenders: Sequence[Contender], asked: Vectors, ways: Sequence[Callable[[Vectors], Answer | None]]
) -> list[tuple[list[Answer | None], list[float], list[float]]]:
    """Return each contender's answers, and the wall and processor milliseconds they took, after a warm-up."""
    answers: list[list[Answer | None]] = [[] for _ in contenders]
    times: list[list[float]] = [[] for _ in contenders]
    processor_times: list[list[float]] = [[] for _ in contenders]
    for number, vector in enumerate([asked[0], *asked]):
        for at, ask in enumerate(ways):
            (seconds, processor), answer = _timed(lambda ask=ask, vector=vector: ask(vector))
            if number:
                times[at].append(seconds * 1e3)
                processor_times[at].append(processor * 1e3)
                answers[at].append(answer)
    return list(zip(answers, times, processor_times, strict=True))


def _timed(work: Callable[[], Result]) -> tuple[tuple[float, float], Result]:
    """Return wall and processor seconds of a call, and what it returned."""
    started, used = time.perf_counter(), time.process_time()
    result = work()
    return (time.perf_counter() - started, time.process_time() - used), result


def _stay_on_one_core() -> None:
    """Confine every thread of this process, those of the libraries too."""
    _confine({min(os.sched_getaffinity(0))})


def _use_all_cores() -> None:
    _confine(set(range(os.cpu_count() or 1)))


def _confine(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


if __name__ == "__main__":
    main()
