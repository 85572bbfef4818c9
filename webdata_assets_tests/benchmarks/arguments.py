"""What every benchmark over the shared data takes and gives: `--data DIR`, `--json OUT`, a table.

What belongs here: the command line, the table, folds by site. What does not: any measurement.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared/data"


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--data` and `--json`; a benchmark may add its own arguments."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument(
        "--data",
        type=Path,
        default=SHARED_DATA,
        help="a folder laid out like the shared data, whole or in part (default: %(default)s)",
    )
    arguments.add_argument("--json", type=Path, help="write all figures there")
    return arguments


def report(results: Mapping[str, object], tables: Sequence[tuple[str, Sequence[Mapping[str, object]]]],
           out: Path | None) -> None:  # fmt: skip
    """Print titled tables, and write all results as JSON where asked to."""
    for title, rows in tables:
        print(f"\n{title}")
        if not rows:
            print("  nothing to measure in this folder")
            continue
        columns = list(rows[0])
        cells = [[_shown(row.get(name)) for name in columns] for row in rows]
        widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(columns)]
        for line in [columns, *cells]:
            shown = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            print("  " + "  ".join(shown).rstrip())
    if out:
        out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def fold_of(url: str, folds: int = 5) -> int:
    """Return the fold of a page by the last two labels of its host, so that no site is in two folds."""
    host = (urlsplit(url).hostname or url).removeprefix("www.")
    site = ".".join(host.split(".")[-2:])
    return int(hashlib.sha256(site.encode()).hexdigest(), 16) % folds


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)
