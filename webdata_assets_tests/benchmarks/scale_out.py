"""What a second worker brings: extraction and encoding on plain processes, and beside them on Dask.

    python -m webdata_assets_tests.benchmarks.scale_out --data DIR --json OUT

All ways in turn within each round, so that a busy machine slows all of them alike; everything is started and
warm before the first round. Efficiency is the speed of two workers over twice that of one. Needs two cores.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets.stages.embed.encoders.spread import SpreadEncoder
from webdata_assets.stages.engine.dask import DaskEngine
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.main_content.training.pages import read_pages
from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets.stages.extract.workers.tasks import extraction_of
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.extract.making import make_payload, make_source
from webdata_assets_tests.servers.dask import DaskServers

PROCESSES, DASK = "plain processes", "Dask"
WORKERS = (1, 2)
ENCODERS = Path(__file__).parents[2] / ".webdata" / "encoders"
_TEXT_CHARACTERS = 800


@dataclass(frozen=True)
class Way:
    """One map by one engine with so many workers; `run` returns the answers."""

    work: str
    engine: str
    workers: int
    run: Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """What one run of a way took: wall seconds, and CPU seconds of every process involved."""

    wall: float
    cpu: float


def main() -> None:
    """Measure, print the tables, and write the figures where asked to."""
    arguments = parser("Scale-out: one and two workers, Dask beside plain processes.")
    arguments.add_argument("--pages", type=int, default=300, help="extracted (default: %(default)s)")
    arguments.add_argument("--texts", type=int, default=300, help="encoded (default: %(default)s)")
    arguments.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    given = arguments.parse_args()
    pages = [page for page in read_pages(given.data) if page.collection != "htmldate_eval"]
    if not pages:
        print(f"nothing to measure in {given.data}")
        return
    pages = pages[:: max(1, len(pages) // given.pages)][: given.pages]
    payloads = [make_payload(page.html, page.url) for page in pages]
    texts = [page.gold[:_TEXT_CHARACTERS] for page in pages if page.gold]
    texts = (texts * (given.texts // len(texts) + 1))[: given.texts]
    counts = {"extract": len(payloads), "embed": len(texts)}
    with (
        tempfile.TemporaryDirectory(prefix="webdata-scale-") as folder,
        _dask(Path(folder)) as (servers, started),
    ):
        ways = [*extraction_ways(payloads, servers), *encoding_ways(texts, servers)]
        figures = measure(ways, given.rounds)
    rows = speed_table(figures, counts)
    report(
        {"started": started, "counts": counts, "speed": rows,
         "rounds": {" ".join(map(str, way)): list(map(vars, found)) for way, found in figures.items()}},
        [("Dask, one scheduler and its workers", started), ("Speed, medians over the rounds", rows)],
        given.json,
    )  # fmt: skip


@contextmanager
def _dask(folder: Path) -> Iterator[tuple[dict[int, DaskServers], list[dict[str, object]]]]:
    """Start a scheduler with one worker and another with two; tell what each took."""
    one, two = DaskServers(folder / "one"), DaskServers(folder / "two")
    rows: list[dict[str, object]] = []
    try:
        for count, servers in zip(WORKERS, (one, two), strict=True):
            begun = time.perf_counter()
            known = set(_tree())
            servers.__enter__()
            (servers.home / "encoders").symlink_to(ENCODERS)
            servers.add_workers(count)
            resident = sum(process.memory_info().rss for process in set(_tree()) - known)
            seconds = time.perf_counter() - begun
            rows.append({"workers": count, "started in s": seconds, "resident MB": resident / 1e6})
        yield dict(zip(WORKERS, (one, two), strict=True)), rows
    finally:
        one.stop()
        two.stop()


def extraction_ways(payloads: Sequence[Payload], servers: Mapping[int, DaskServers]) -> list[Way]:
    """Return the ways of extracting articles."""
    task, limits = extraction_of(make_source({"kind": "article"})), Limits()

    def way(engine: str, workers: int, pool: ExtractionPool) -> Way:
        return Way("extract", engine, workers, lambda: [answer for _, answer in pool.run(task, payloads)])

    return [
        way(name, workers, ExtractionPool(workers, limits, engine))
        for workers in WORKERS
        for name, engine in ((PROCESSES, None), (DASK, DaskEngine(servers[workers].address)))
    ]


def encoding_ways(texts: Sequence[str], servers: Mapping[int, DaskServers]) -> list[Way]:
    """Return the ways of encoding texts; threads stand for processes: ONNX Runtime leaves the lock."""
    spec = EncoderSpec(folder=ENCODERS)

    def way(engine: str, workers: int, encoder: Any) -> Way:
        return Way("embed", engine, workers, lambda: encoder.encode(texts).tobytes())

    return [
        found
        for workers in WORKERS
        for here in [load_encoder(EncoderSpec(folder=ENCODERS, threads=workers))]
        for found in (
            way(PROCESSES, workers, here),
            way(DASK, workers, SpreadEncoder(here, spec, DaskEngine(servers[workers].address))),
        )
    ]


def measure(ways: Sequence[Way], rounds: int) -> dict[tuple[str, str, int], list[Figure]]:
    """Return each way's figures; every way must give the same answers."""
    expected = {}
    for way in ways:  # the first run starts processes and loads libraries
        answers = way.run()
        if expected.setdefault(way.work, answers) != answers:
            raise AssertionError(f"{way.work}: {way.engine} with {way.workers} gives other bytes")
    figures: dict[tuple[str, str, int], list[Figure]] = {
        (way.work, way.engine, way.workers): [] for way in ways
    }
    for _ in range(rounds):
        for way in ways:
            before, begun = _cpu_seconds(), time.perf_counter()
            way.run()
            took = Figure(time.perf_counter() - begun, _cpu_seconds() - before)
            figures[way.work, way.engine, way.workers].append(took)
    return figures


def speed_table(
    figures: Mapping[tuple[str, str, int], Sequence[Figure]], counts: Mapping[str, int]
) -> list[dict[str, object]]:
    """Return a row per work and engine: speeds, efficiency from one to two workers, and beside processes."""
    rows: list[dict[str, object]] = []
    for work in counts:
        base = _medians(figures, work, PROCESSES)
        for engine in (PROCESSES, DASK):
            found = _medians(figures, work, engine)
            one, two = found[1], found[2]
            rows.append(
                {
                    "work": work,
                    "engine": engine,
                    "1 worker/s": counts[work] / one.wall,
                    "2 workers/s": counts[work] / two.wall,
                    "times": one.wall / two.wall,
                    "efficiency": one.wall / two.wall / 2,
                    "wall × processes, 1": one.wall / base[1].wall,
                    "wall × processes, 2": two.wall / base[2].wall,
                    "CPU × processes, 1": one.cpu / base[1].cpu,
                    "CPU × processes, 2": two.cpu / base[2].cpu,
                }
            )
    return rows


def _medians(
    figures: Mapping[tuple[str, str, int], Sequence[Figure]], work: str, engine: str
) -> dict[int, Figure]:
    return {
        workers: Figure(
            median(each.wall for each in figures[work, engine, workers]),
            median(each.cpu for each in figures[work, engine, workers]),
        )
        for workers in WORKERS
    }


def _tree() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and of all that it started and that still run."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in _tree()))


if __name__ == "__main__":
    main()
