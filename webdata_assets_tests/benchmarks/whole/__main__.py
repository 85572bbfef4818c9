"""The race over the whole way: `python -m webdata_assets_tests.benchmarks.whole --data DIR [--pages N] …`.

The same pages from raw HTML to a searchable index, and a second day with two in a hundred changed: by us, by
a script of Scrapy, trafilatura, datatrove, fastembed and LanceDB, and by the script's steps in plain Dagster.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.measuring import ROOT
from webdata_assets_tests.benchmarks.whole.collection import Truth, make_site
from webdata_assets_tests.benchmarks.whole.contenders import DAGSTER, NAMES, SCRIPT
from webdata_assets_tests.benchmarks.whole.outcome import OURS, Outcome
from webdata_assets_tests.benchmarks.whole.overhead import Overhead, overheads
from webdata_assets_tests.benchmarks.whole.race import Field, Run, race
from webdata_assets_tests.benchmarks.whole.scores import Quality, quality_of
from webdata_assets_tests.benchmarks.whole.verdicts import (
    Verdict,
    cpu_verdicts,
    overhead_verdict,
    quality_verdicts,
)

ENCODERS = ROOT / ".webdata" / "encoders"
_MB = 1e6


def main(given: Sequence[str] | None = None) -> int:
    """Race, print tables and verdicts; the exit code says whether every claim holds."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--pages", type=int, help="about how many (default: all that there are)")
    arguments.add_argument("--contenders", nargs="*", choices=NAMES, default=NAMES)
    arguments.add_argument("--without-overhead", action="store_true", help="leave the site of one page out")
    options = arguments.parse_args(given)
    if not (options.data / "cranfield" / "docs.jsonl").is_file():
        print(f"nothing to race over in {options.data}")
        return 0
    qualities: list[tuple[Run, Quality]] = []
    with tempfile.TemporaryDirectory(prefix="webdata-race-") as temporary:
        field, grades = _prepared(options.data, Path(temporary), options.pages)
        found = [] if options.without_overhead else overheads(field)
        truth = Truth.load(field.site)
        for run in race(field, options.contenders):
            quality = quality_of(Outcome.load(run.outcome), truth, grades, run.day)
            qualities.append((run, quality))
            print(json.dumps(_row(run) | _judged(run, quality)), flush=True)
    runs = [run for run, _ in qualities]
    verdicts = _verdicts(qualities, found)
    report(
        {
            "runs": [_row(run) for run in runs],
            "quality": [_judged(run, quality) for run, quality in qualities],
            "overhead": [each.as_row() for each in found],
            "verdicts": [asdict(verdict) | {"holds": verdict.holds} for verdict in verdicts],
        },
        [
            ("Cost of each day", [_row(run) for run in runs]),
            ("Quality", [_judged(run, quality) for run, quality in qualities]),
            ("CPU seconds beside the work, both days over one page", [each.as_row() for each in found]),
            ("Claims", [asdict(verdict) | {"holds": verdict.holds} for verdict in verdicts]),
        ],
        options.json,
    )
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _prepared(data: Path, folder: Path, pages: int | None) -> tuple[Field, Mapping[str, Mapping[str, int]]]:
    """Make site and models; return the field, and the judgements of the queries that are asked."""
    from webdata_assets.stages.embed.encoders.minilm import ensure_encoder
    from webdata_assets_tests.benchmarks.rankings.collection import part_of, read_collection
    from webdata_assets_tests.benchmarks.whole.padded_model import write_padded_model

    truth = make_site(data, folder / "site", pages)
    judged = read_collection(data / "cranfield")
    judged = part_of(judged, truth.one_in) if truth.one_in > 1 else judged
    print(f"{len(truth.pages)} pages, {len(truth.changed)} of them changed on the second day")
    ensure_encoder(ENCODERS)
    model = write_padded_model(ensure_encoder(ENCODERS, precision="fp32"), folder / "model")
    cores = len(os.sched_getaffinity(0))
    return Field(folder / "site", data, model, ENCODERS, folder / "runs", cores), judged.grades


def _verdicts(qualities: Sequence[tuple[Run, Quality]], found: Sequence[Overhead]) -> list[Verdict]:
    cpu = {
        name: {run.day: run.cost.cpu_seconds for run, _ in qualities if run.contender == name}
        for name in NAMES
    }
    judged = {(run.contender, run.day): quality for run, quality in qualities}
    verdicts = cpu_verdicts(cpu[OURS], cpu[SCRIPT])
    if {(OURS, 0), (SCRIPT, 0)} <= judged.keys():
        verdicts += quality_verdicts(judged[OURS, 0], judged[SCRIPT, 0])
    beside = {each.contender: each for each in found}
    if {OURS, DAGSTER} <= beside.keys():
        verdicts.append(overhead_verdict(beside[OURS], beside[DAGSTER]))
    return verdicts


def _row(run: Run) -> dict[str, object]:
    return {
        "contender": run.contender,
        "day": run.day + 1,
        "CPU-s": round(run.cost.cpu_seconds, 1),
        "wall s": round(run.cost.wall_seconds),
        "peak MB, all": round(run.cost.tree_bytes / _MB),
        "peak MB, largest": round(run.cost.process_bytes / _MB),
        "stored MB": round(run.stored_bytes / _MB, 1),
        "requests": run.requests,
    }


def _judged(run: Run, quality: Quality) -> dict[str, object]:
    return {"contender": run.contender, "day": run.day + 1, **asdict(quality)}


if __name__ == "__main__":
    sys.exit(main())
