"""CPU seconds to load the definitions in a fresh process, beside those of Dagster alone.

Run as `python -m webdata_assets_tests.benchmarks.load_definitions`.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 3
LIMIT_SECONDS = 2.0
DEFINITIONS = "from webdata_assets.definitions import build_defs; build_defs()"
DAGSTER = "import dagster"


def cpu_seconds(program: str, runs: int = RUNS) -> float:
    """Return the least user and system time of several fresh processes; the first compiles byte code.

    Raises CalledProcessError when the program fails.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBDATA_")}
    seconds = []
    with tempfile.TemporaryDirectory() as folder:  # which holds no .env
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, "-c", program], check=True, cwd=folder,
                env={**environment, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(seconds)


def main() -> int:
    """Print both figures; return 1 when loading takes longer than it may."""
    loading, alone = cpu_seconds(DEFINITIONS), cpu_seconds(DAGSTER)
    verdict = "within" if loading < LIMIT_SECONDS else "OVER"
    print(
        f"definitions loaded   {loading:5.2f} CPU-s   least of {RUNS} processes, {verdict} {LIMIT_SECONDS:g}"
    )
    print(f"`import dagster`     {alone:5.2f} CPU-s   the rest is {loading - alone:.2f}")
    return int(loading >= LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
