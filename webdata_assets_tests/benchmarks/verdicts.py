"""What the figures of a race say: CPU per thousand pages, and whether the engine is as cheap as it must be.

What belongs here: arithmetic over runs. What does not: making the runs (race.py) and printing (crawl.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from webdata_assets_tests.benchmarks.race import FRONTIER, Run

MAX_CPU_SECONDS = 0.35
MIN_TIMES_SCRAPY = 5.0
MAX_RECRAWL_SHARE = 0.15
MAX_MEMORY_GROWTH = 0.20


@dataclass(frozen=True)
class Figures:
    """One contender's figures for one kind of run: medians over the rounds.

    Attributes:
        pages: stored by each run.
        total: CPU seconds per thousand pages, with what the process's start takes.
        net: the same without the start.
        pages_per_second: over the whole run.
        peak_megabytes: resident memory.
    """

    contender: str
    what: str
    pages: int
    total: float
    net: float
    pages_per_second: float
    peak_megabytes: float


@dataclass(frozen=True)
class Verdict:
    """One thing that must hold, with the figure that it was judged by."""

    text: str
    figure: float
    passed: bool


def figures_of(runs: Sequence[Run]) -> list[Figures]:
    """Return the figures of every contender and kind of run, in the order of their first runs."""
    keys = dict.fromkeys((run.contender, run.what) for run in runs)
    return [_figures(runs, *key) for key in keys]


def disagreements(runs: Iterable[Run]) -> list[str]:
    """Return what contenders stored differently; they are compared only when they did the same work."""
    problems = []
    compared = [run for run in runs if run.what in ("list", "links")]
    for what in dict.fromkeys(run.what for run in compared):
        digests = {run.digest: run for run in compared if run.what == what}
        if len(digests) > 1:
            stored = ", ".join(
                f"{run.contender} {run.pages} pages ({run.digest})" for run in digests.values()
            )
            problems.append(f"{what}: {stored}")
    return problems


def verdicts_of(runs: Sequence[Run], ours: str) -> list[Verdict]:
    """Return what holds and what does not for our engine; CPU is counted without the process's start."""
    cost = net_cost(runs, ours, "list")
    rivals = {run.contender for run in runs if run.contender.startswith("Scrapy")}
    verdicts = [
        Verdict(
            f"fetch and store: at most {MAX_CPU_SECONDS} CPU-s per 1,000 pages", cost, cost <= MAX_CPU_SECONDS
        )
    ]
    if rivals:
        times = min(net_cost(runs, rival, "list") for rival in rivals) / cost
        text = f"at least {MIN_TIMES_SCRAPY:g} times cheaper than the cheapest Scrapy"
        verdicts.append(Verdict(text, times, times >= MIN_TIMES_SCRAPY))
    share = net_cost(runs, ours, "recrawl") / cost
    text = f"a recrawl without changes: at most {MAX_RECRAWL_SHARE:.0%} of a full crawl"
    verdicts.append(Verdict(text, share, share <= MAX_RECRAWL_SHARE))
    peaks = [run.cost.peak_bytes for run in runs if run.what.startswith(FRONTIER)]
    if len(peaks) > 1:
        growth = max(peaks) / min(peaks) - 1
        text = f"memory over all sizes of the frontier: within {MAX_MEMORY_GROWTH:.0%}"
        verdicts.append(Verdict(text, growth, growth <= MAX_MEMORY_GROWTH))
    return verdicts


def net_cost(runs: Sequence[Run], contender: str, what: str) -> float:
    """Return CPU seconds per thousand pages without what the process's start takes."""
    start = _median(runs, contender, "start")
    chosen = [run for run in runs if (run.contender, run.what) == (contender, what)]
    return median((run.cost.cpu_seconds - start) / run.pages * 1000 for run in chosen)


def _figures(runs: Sequence[Run], contender: str, what: str) -> Figures:
    chosen = [run for run in runs if (run.contender, run.what) == (contender, what)]
    return Figures(
        contender,
        what,
        chosen[0].pages,
        total=median(run.cost.cpu_seconds / run.pages * 1000 for run in chosen),
        net=net_cost(runs, contender, what),
        pages_per_second=median(run.pages / run.cost.wall_seconds for run in chosen),
        peak_megabytes=median(run.cost.peak_bytes for run in chosen) / 1e6,
    )


def _median(runs: Sequence[Run], contender: str, what: str) -> float:
    seconds = [run.cost.cpu_seconds for run in runs if (run.contender, run.what) == (contender, what)]
    return median(seconds) if seconds else 0.0
