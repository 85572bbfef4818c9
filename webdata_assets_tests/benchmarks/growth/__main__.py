"""Measure how every layer grows, fit exponents, print them, and write all figures.

    python -m webdata_assets_tests.benchmarks.growth [--pages N] [--layers NAME …] [--json OUT]

What belongs here: the order of runs, and the tables. What does not: any layer. Figures that a file of
`--json` holds already are kept: a run that was ended goes on where it was.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from webdata_assets_tests.benchmarks.arguments import report
from webdata_assets_tests.benchmarks.growth.catalogue import LAYERS, Layer, sizes_of
from webdata_assets_tests.benchmarks.growth.fitting import PARAMETERS, fit
from webdata_assets_tests.benchmarks.measuring import run_module

ONE = "webdata_assets_tests.benchmarks.growth.one"
FITTED = ("cpu_seconds", "wall_seconds", "growing_bytes", "files", "stored_bytes", "event_rows")
"""What is fitted; `growing_bytes` is the peak of memory above what the process held before its work."""
_MEBIBYTE = 2**20

Figures = dict[str, Any]


def main() -> int:
    """Measure what is asked for; return 1 where an exponent certainly lies above 1.1."""
    names = [layer.name for layer in LAYERS]
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--pages", type=int, default=100_000, help="largest size (default: %(default)s)")
    arguments.add_argument("--layers", nargs="+", choices=names, default=names, metavar="NAME",
                           help=", ".join(names))  # fmt: skip
    arguments.add_argument("--rounds", type=int, default=1,
                           help="of each size; the least figures count (default: 1)")  # fmt: skip
    arguments.add_argument("--json", type=Path, help="figures go there after each run; present ones are kept")
    given = arguments.parse_args()
    measured: dict[str, dict[str, Figures]] = {}
    if given.json and given.json.exists():
        measured = json.loads(given.json.read_text())["measured"]
    for layer in LAYERS:
        if layer.name not in given.layers:
            continue
        of_layer = measured.setdefault(layer.name, {})
        for size in sizes_of(layer, given.pages):
            if str(size) not in of_layer:
                of_layer[str(size)] = found = measure(layer.name, size, given.rounds)
                print(f"{layer.name} {size:,}: {json.dumps(found)}", file=sys.stderr, flush=True)
                if given.json:
                    given.json.write_text(json.dumps({"measured": measured}, indent=1) + "\n")
    fits = {name: fits_of(of_layer) for name, of_layer in measured.items()}
    report(
        {"measured": measured, "fits": fits},
        [
            ("Costs at the largest size", [_largest(layer, measured.get(layer.name, {})) for layer in LAYERS
                                          if measured.get(layer.name)]),
            ("Exponents, with 95 % intervals; then the plain one of the last step",
             [{"layer": name, **{what: _shown(each) for what, each in of_layer.items()}}
              for name, of_layer in fits.items() if of_layer]),
        ],
        given.json,
    )  # fmt: skip
    return int(any(each["verdict"] == "bends" for of_layer in fits.values() for each in of_layer.values()))


def measure(layer: str, size: int, rounds: int = 1) -> Figures:
    """Return what a layer costs at a size: the least of several rounds."""
    found = [_measured(layer, size) for _ in range(rounds)]
    return {name: min(each[name] for each in found) for name in found[0]}


def _measured(layer: str, size: int) -> Figures:
    """Prepare a layer in one process, and measure it in another."""
    with tempfile.TemporaryDirectory(prefix=f"growth-{layer}-") as folder:
        run_module(ONE, "prepare", layer, str(size), folder)
        _, said = run_module(ONE, "run", layer, str(size), folder)
    found: Figures = json.loads(said.splitlines()[-1])
    return found


def fits_of(of_layer: dict[str, Figures]) -> dict[str, Figures]:
    """Return the fit of each figure of a layer; none where sizes are too few."""
    sizes = sorted(int(size) for size in of_layer)
    if len(sizes) <= PARAMETERS:
        return {}
    fits: dict[str, Figures] = {}
    for name in FITTED:
        found = fit(sizes, [max(0.0, of_layer[str(size)][name]) for size in sizes])
        fits[name] = {**vars(found), "verdict": found.verdict}
    return fits


def _largest(layer: Layer, of_layer: dict[str, Figures]) -> Figures:
    size = max(map(int, of_layer))
    found = of_layer[str(size)]
    return {
        "layer": layer.name,
        "n": f"{size:,} {layer.unit}",
        "CPU-s": round(found["cpu_seconds"], 2),
        "wall s": round(found["wall_seconds"], 1),
        "peak MiB": round(found["peak_bytes"] / _MEBIBYTE),
        "files": found["files"],
        "MiB": round(found["stored_bytes"] / _MEBIBYTE, 1),
        "event rows": found["event_rows"],
    }


def _shown(each: Figures) -> str:
    if each["verdict"] == "constant":
        return "constant"
    mark = {"bends": " !", "uncertain": " ?"}.get(each["verdict"], "")
    return f"{each['exponent']:.2f} ({each['low']:.2f}–{each['high']:.2f}) {each['last']:.2f}{mark}"


if __name__ == "__main__":
    sys.exit(main())
