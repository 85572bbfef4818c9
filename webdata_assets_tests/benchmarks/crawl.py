"""The crawl benchmark: `python -m webdata_assets_tests.benchmarks.crawl [--short] [--out FILE]`.

Our engine against Scrapy and crawlee on the same real site, served by nginx on loopback, in turns; then the
same site a second day; then frontiers of several sizes. CPU is that of whole processes, storing included.
"""

import argparse
import itertools
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from webdata_assets_tests.benchmarks.race import CONTENDERS, OURS, Run, Site, frontier_runs, race
from webdata_assets_tests.benchmarks.verdicts import disagreements, figures_of, verdicts_of
from webdata_assets_tests.real_sites import documentation
from webdata_assets_tests.real_sites.nginx import NEEDS_NGINX, NGINX, Nginx, folders, generated

ROUNDS = 3
FRONTIERS = (10_000, 100_000)
SHORT_PAGES = 600
SHORT_FRONTIERS = (2_000, 10_000)
CONCURRENCY = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the figures, and write them to a file; return 1 when something does not hold."""
    options = _options(arguments)
    console = Console()
    if NGINX is None or not documentation.present():
        missing = NEEDS_NGINX if NGINX is None else documentation.NEEDS_DOCUMENTATION
        console.print(f"no crawl benchmark: {missing}")
        return 0
    runs: list[Run] = []
    with (
        tempfile.TemporaryDirectory(prefix="crawl-benchmark-") as temporary,
        Nginx(
            Path(temporary) / "nginx", f"{folders(documentation.present())}\n{generated()}", logs=False
        ) as nginx,
    ):
        folder = Path(temporary)
        site = _site(nginx.origin, short=options.short)
        contenders = [one for one in CONTENDERS if one.is_ours or not options.alone]
        measured = itertools.chain(
            race(site, contenders, folder, rounds=options.rounds, concurrency=options.concurrency),
            frontier_runs(nginx.origin, options.frontier, folder, concurrency=options.concurrency),
        )
        for run in measured:
            _report(console, run)
            runs.append(run)
    return _conclude(console, runs, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="few pages, one round: that it works, not how fast"
    )
    parser.add_argument("--alone", action="store_true", help="our engine without its rivals")
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS} if not given")
    parser.add_argument("--frontier", type=int, nargs="*", help="sizes of the frontiers, such as 1000000")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="requests in flight, for all")
    parser.add_argument("--out", type=Path, help="JSON file for every single figure")
    options = parser.parse_args(arguments)
    if options.rounds is None:
        options.rounds = 1 if options.short else ROUNDS
    if options.frontier is None:
        options.frontier = SHORT_FRONTIERS if options.short else FRONTIERS
    return options


def _site(origin: str, *, short: bool) -> Site:
    paths = documentation.page_paths()
    starts = documentation.start_paths(paths)
    allow = re.escape(origin) + r"/(python|handbook)/[^?]*\.html$"
    if short:
        # one book, so that links lead to the same few pages
        paths = paths[:SHORT_PAGES]
        starts = starts[:1]
        allow = re.escape(origin + starts[0].rsplit("/", 1)[0]) + r"/[^?]*\.html$"
    return Site(tuple(origin + path for path in paths), tuple(origin + path for path in starts), allow)


def _report(console: Console, run: Run) -> None:
    console.print(
        f"{run.round + 1}  {run.contender:16} {run.what:18} {run.pages:>9,} pages "
        f"{run.cost.cpu_seconds:8.2f} CPU-s {run.cost.wall_seconds:8.2f} s "
        f"{run.cost.peak_bytes / 1e6:6.0f} MB",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def _conclude(console: Console, runs: Sequence[Run], options: argparse.Namespace) -> int:
    figures, verdicts, problems = figures_of(runs), verdicts_of(runs, OURS.name), disagreements(runs)
    table = Table(title="CPU-s per 1,000 pages: all of the process, and without its start")
    for name in ("", "run", "pages", "all", "net", "pages/s", "peak MB"):
        table.add_column(name, justify="left" if name in ("", "run") else "right")
    for row in figures:
        if row.what != "start":
            table.add_row(
                row.contender, row.what, f"{row.pages:,}", f"{row.total:.3f}", f"{row.net:.3f}",
                f"{row.pages_per_second:,.0f}", f"{row.peak_megabytes:.0f}",
            )  # fmt: skip
    console.print(table)
    for verdict in verdicts:
        mark = "[green]holds[/]" if verdict.passed else "[red]DOES NOT HOLD[/]"
        console.print(f"{mark}  {verdict.text}: {verdict.figure:.3f}", highlight=False)
    for problem in problems:
        console.print(f"[red]not the same work[/]  {problem}", highlight=False)
    if options.out is not None:
        options.out.write_text(
            json.dumps(
                {
                    "concurrency": options.concurrency,
                    "figures": [asdict(row) for row in figures],
                    "verdicts": [asdict(verdict) for verdict in verdicts],
                    "disagreements": problems,
                    "runs": [asdict(run) for run in runs],
                },
                indent=1,
            )
        )
    return int(bool(problems) or not all(verdict.passed for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
