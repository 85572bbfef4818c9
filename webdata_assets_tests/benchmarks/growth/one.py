"""One layer at one size, in a process of its own: `python -m … prepare|run LAYER SIZE FOLDER`.

What belongs here: what is counted around a layer's work. What does not: the work (layers/). `prepare` writes
what the layer reads; `run` gets ready, does the work once, and prints its figures as JSON.
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from webdata_assets_tests.benchmarks.growth.catalogue import LAYERS

Work = Callable[[], dict[str, float]]
"""Does the work, and returns further figures, `event_rows` among them where there is an event log."""

_ROOMS = {
    "crawling": ("frontier", "pages", "recrawl", "listing"),
    "extracting": ("records",),
    "partitioned": ("records_checks", "changes", "fingerprints", "features", "embeddings", "history"),
    "merged": (
        "near_duplicates",
        "second_day",
        "corpus",
        "vector_index",
        "training_set",
        "model",
        "delivery",
    ),
    "storing": ("tables", "partitions"),
}


def main() -> None:
    """Prepare or measure."""
    action, layer, size, place = sys.argv[1:]
    assert layer in {each.name for each in LAYERS}
    (room,) = (room for room, names in _ROOMS.items() if layer in names)
    module = importlib.import_module(f"webdata_assets_tests.benchmarks.growth.layers.{room}")
    number, folder = int(size), Path(place)
    if action == "prepare":
        module.PREPARE[layer](folder, number)
    else:
        print(json.dumps(measured(module.READY[layer](folder, number), folder)))


def measured(work: Work, folder: Path) -> dict[str, float]:
    """Do the work and return what it took: of this process and the children that it waited for.

    `peak_bytes` is the most memory of this process since its start, `growing_bytes` what of it came with the
    work; files and bytes are those of the store.
    """
    files, stored = _stored(folder)
    base, cpu, started = _peak(), _cpu_seconds(), time.perf_counter()
    further = work()
    wall, used, peak = time.perf_counter() - started, _cpu_seconds() - cpu, _peak()
    files_now, stored_now = _stored(folder)
    return {
        "cpu_seconds": used,
        "wall_seconds": wall,
        "peak_bytes": peak,
        "growing_bytes": peak - base,
        "files": files_now - files,
        "stored_bytes": stored_now - stored,
        "event_rows": 0,
        **further,
    }


def _stored(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak() -> int:
    """Return the most memory that this process held: unlike ru_maxrss, not what its parent did."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
