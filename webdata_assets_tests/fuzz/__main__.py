"""`python -m webdata_assets_tests.fuzz`: every target for its share of the time, then the API.

What belongs here: options, the share of each, and the table. What does not: fuzzing (campaign.py, api.py).
"""

import argparse
import importlib.util
import os
import shlex
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from webdata_assets_tests.fuzz.api import check_api
from webdata_assets_tests.fuzz.campaign import Outcome, fuzz, replay
from webdata_assets_tests.fuzz.target import NAMES

FOLDER = Path(".webdata/fuzz")
_DATA = Path(__file__).parents[2] / "../shared/data"
_ALL_SECONDS = 3_600
_API = "api"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and return the exit status: 1 where there is a find, or where a fuzzer did not work."""
    options = _parse(arguments)
    if options.replay is not None:
        replay(options.target[0], options.replay)
        print("Nothing is wrong with this input any more.")
        return 0
    names = list(options.target or (*NAMES, _API))
    jobs = options.jobs or os.cpu_count() or 1
    seconds = options.seconds or _ALL_SECONDS * jobs / len(names)
    targets = [name for name in names if name != _API]
    if targets and importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (it is made for Linux only): no parser is fuzzed.")
        targets = []
    failed = False
    if targets:
        print(f"{len(targets)} targets, {seconds:.0f} s each, {jobs} at a time; in {FOLDER}", flush=True)
        with ThreadPoolExecutor(jobs) as pool:
            outcomes = list(pool.map(lambda name: fuzz(name, FOLDER, options.data, seconds), targets))
        print(_table(outcomes))
        print(_finds(outcomes), end="", flush=True)
        failed = any(outcome.finds or outcome.failure for outcome in outcomes)
    if _API in names:
        failed = not check_api(FOLDER / _API, seconds) or failed
    return int(failed)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m webdata_assets_tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, help="for each target; without it, an hour in all")
    parser.add_argument("--data", type=Path, default=_DATA, help="the folder of data sets that seed corpora")
    parser.add_argument("--target", action="append", choices=(*NAMES, _API), help="all if not given")
    parser.add_argument("--jobs", type=int, help="targets at a time; as many as cores if not given")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="judge this one input of the target")
    options = parser.parse_args(arguments)
    if options.replay is not None and (len(options.target or ()) != 1 or _API in options.target):
        parser.error("--replay needs the one --target that the input is of")
    return options


def _table(outcomes: Sequence[Outcome]) -> str:
    heads = ("target", "executions", "per second", "edges", "features", "corpus", "finds")
    rows = [
        (
            outcome.target,
            f"{outcome.executions:,}",
            f"{outcome.executions / max(outcome.seconds, 1):,.0f}",
            f"{outcome.edges:,}",
            f"{outcome.features:,}",
            f"{outcome.corpus:,}",
            str(len(outcome.finds)),
        )
        for outcome in outcomes
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (heads, *rows)
    ]
    return "\n".join(lines)


def _finds(outcomes: Sequence[Outcome]) -> str:
    lines = []
    for outcome in outcomes:
        if outcome.failure:
            lines.append(
                f"{outcome.target}: the fuzzer {outcome.failure}; see {FOLDER / outcome.target / 'log'}"
            )
        for find in outcome.finds:
            told = find.with_suffix(".txt")
            reason = (
                told.read_text(errors="replace").rstrip().rpartition("\n")[2] if told.is_file() else find.name
            )
            command = shlex.join(
                [sys.executable, "-m", __spec__.parent, "--target", outcome.target, "--replay", str(find)]
            )
            lines.append(f"{outcome.target}: {reason[:200]}\n  {command}")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
