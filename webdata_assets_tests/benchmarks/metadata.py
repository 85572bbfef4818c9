"""Metadata of real pages: `python -m webdata_assets_tests.benchmarks.metadata [--data DIR] [--json OUT]`.

Exact match of each field with gold, and pages per CPU-second: our finders beside extruct (JSON-LD, microdata
and OpenGraph, with a plain choice of fields) and trafilatura's metadata, in the same run. White space is
collapsed and Unicode composed before comparison; of languages the primary subtags are compared.
"""

import gc
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from webdata_assets_tests.benchmarks.arguments import fold_of, parser, report
from webdata_assets_tests.benchmarks.metadata_contenders import (
    CONTENDERS,
    Metadata,
    extruct_parse,
    our_parse,
    our_pass,
)
from webdata_assets_tests.benchmarks.metadata_sets import FIELDS, SETS, GoldPage

_SPEED_ONLY = {
    "our parse": our_parse,
    "our parse and structured data": our_pass,
    "extruct's parse": extruct_parse,
}
"""A parse is shared with all else that is read from a page; what a pass costs beyond it is the difference."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the figures, and write them to a file."""
    options = parser(__doc__ or "").parse_args(arguments)
    scores, speeds = measure(options.data)
    results = {"fields": scores, "pages_per_cpu_second": speeds}
    report(results, [("exact match", scores), ("pages per CPU-second", speeds)], options.json)
    return 0


def measure(data: Path) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return rows of exact matches by set and field, and of speed by set."""
    scores: list[dict[str, object]] = []
    speeds: list[dict[str, object]] = []
    for name, load in SETS.items():
        pages = list(load(data))
        if not pages:
            continue
        clock: dict[str, float] = {}
        matches: Counter[tuple[str, str, int]] = Counter()
        for part, run in _SPEED_ONLY.items():
            clock[part], _ = _timed(run, pages)
        for contender, find in CONTENDERS.items():
            clock[contender], found = _timed(find, pages)
            for page, fields in zip(pages, found, strict=True):
                for field, gold in page.gold.items():
                    is_match = comparable(field, fields.get(field, "")) == comparable(field, gold)
                    matches[contender, field, fold_of(page.url, 2)] += is_match
        scores += [row for field in FIELDS if (row := _score(name, field, pages, matches))]
        speeds.append({"set": name, "pages": len(pages)} | {one: len(pages) / clock[one] for one in clock})
        beyond = (clock["extruct"] - clock["extruct's parse"]) / (
            clock["our parse and structured data"] - clock["our parse"]
        )
        speeds[-1]["our pass beyond the parse, times faster"] = beyond
    return scores, speeds


def comparable(field: str, value: str) -> str:
    """Return a value as it is compared."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    return text.lower().replace("_", "-").partition("-")[0] if field == "language" else text


def _timed(find: Callable[[GoldPage], Metadata], pages: Sequence[GoldPage]) -> tuple[float, list[Metadata]]:
    """Return the CPU-seconds that all pages take, once the code is warm, and what was found on each."""
    find(pages[0])
    gc.collect()
    start = time.process_time()
    found = [find(page) for page in pages]
    return time.process_time() - start, found


def _score(
    name: str, field: str, pages: Sequence[GoldPage], matches: Counter[tuple[str, str, int]]
) -> dict[str, object] | None:
    """Return a field's share of matches by contender, and ours on either half of the sites."""
    halves = Counter(fold_of(page.url, 2) for page in pages if field in page.gold)
    total = halves.total()
    if not total:
        return None
    row: dict[str, object] = {"set": name, "field": field, "pages": total}
    row |= {one: (matches[one, field, 0] + matches[one, field, 1]) / total for one in CONTENDERS}
    shares = {half: matches["ours", field, half] / halves[half] for half in sorted(halves)}
    return row | {f"ours, half {half + 1} of sites": share for half, share in shares.items()}


if __name__ == "__main__":
    sys.exit(main())
