"""Near-duplicates: recall, precision, speed and memory beside other libraries, and the cost of a second day.

What belongs here: judging pairs, and the two tables. What does not: the corpora, the contenders and the days
(near_duplicates/). This module stays small, because a child's peak memory begins at its parent's.

`python -m webdata_assets_tests.benchmarks.dedup --data DIR --json OUT`
"""

import tempfile
from pathlib import Path

import orjson

from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.benchmarks.measuring import run_module

ROOM = "webdata_assets_tests.benchmarks.near_duplicates"
CONTENDERS = ("ours", "rensa", "datasketch", "datatrove")
JUST_ALIKE = 0.85
"""Pairs between the threshold and this similarity are the hard ones."""
LATER = {
    "day_2": "new documents, copies of their own source's",
    "day_3": "new documents, copies of any source's",
}

Row = dict[str, object]


def judged(found: set[tuple[int, int]], true: dict[tuple[int, int], float]) -> dict[str, float]:
    """Return recall and precision of pairs, and the recall of those just above the threshold."""
    hard = {pair for pair, similarity in true.items() if similarity < JUST_ALIKE}
    right = len(found & true.keys())
    return {
        "recall": right / max(1, len(true)),
        "recall below .85": len(found & hard) / max(1, len(hard)),
        "precision": right / max(1, len(found)),
    }


def race(documents: int, folder: Path) -> list[Row]:
    """Let each contender look for the same planted pairs, in a fresh process."""
    true = {(one, other): value for one, other, value in orjson.loads((folder / "true.json").read_bytes())}
    rows: list[Row] = []
    for name in CONTENDERS:
        out = folder / f"{name}.json"
        cost, said = run_module(f"{ROOM}.contenders", name, str(folder / "corpus.parquet"), str(out))
        spent = orjson.loads(said.splitlines()[-1])
        pairs = {(min(pair), max(pair)) for pair in orjson.loads(out.read_bytes())}
        rows.append(
            {
                "contender": name,
                "documents per CPU-second": round(documents / spent["cpu_seconds"]),
                **judged(pairs, true),
                "pairs": len(pairs),
                "true pairs": len(true),
                "peak MiB": round(cost.peak_bytes / 2**20),
            }
        )
    return rows


def days(folder: Path) -> list[Row]:
    """Return what 1 % new documents cost, as a share of what the first day did."""
    names = ("first", "second", "third")
    cost, said = run_module(f"{ROOM}.days", *(str(folder / f"{name}.parquet") for name in names))
    spent = orjson.loads(said.splitlines()[-1])
    total = {day: spent[f"{day}_fingerprints"] + spent[f"{day}_comparison"] for day in ("day_1", *LATER)}
    return [
        {
            "what": what,
            "day 1 CPU-s": total["day_1"],
            "CPU-s": total[day],
            "share of day 1": total[day] / total["day_1"],
            "fingerprints CPU-s": spent[f"{day}_fingerprints"],
            "compared": spent[f"{day}_compared"],
            "texts read": spent[f"{day}_texts_read"],
            "duplicates found": spent[f"{day}_duplicates"],
            "peak MiB": round(cost.peak_bytes / 2**20),
        }
        for day, what in LATER.items()
    ]


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--documents", type=int, default=20_000, help="of the race (default: %(default)s)")
    arguments.add_argument(
        "--first-day", type=int, default=400_000, help="documents of day 1 (default: %(default)s)"
    )
    given = arguments.parse_args()
    raced: list[Row] = []
    later: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        wanted = (str(given.data), folder, str(given.documents), str(given.first_day))
        _, sentences = run_module(f"{ROOM}.corpus", *wanted)
        if int(sentences):
            raced = race(given.documents, Path(folder))
            later = days(Path(folder))
    report(
        {"near_duplicates": raced, "later_days": later},
        [
            (f"Pairs of Jaccard similarity 0.8 and more among {given.documents} documents", raced),
            (f"A later day with 1 % new documents, after {given.first_day}", later),
        ],
        given.json,
    )


if __name__ == "__main__":
    main()
