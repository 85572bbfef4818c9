"""What checks cost: the time of each layer's one check step, beside that of the layer itself.

What belongs here: a generated store of real pages, and the time of each step. What does not: the checks.
A step reads its layer's rows once and evaluates all checks on them. Two dates are run, so that there is a
past to compare with, and the second is measured; every page of it has changed.

`python -m webdata_assets_tests.benchmarks.checks --data DIR --pages 300 3000 --json OUT`
"""

import gzip
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from webdata_assets.automation.jobs import CRAWLED, PUBLISHED
from webdata_assets.checks.catalogue import STEPS
from webdata_assets.partitions import Partition
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.deployment import ENCODERS, Deployment

DOCUMENTATION = Path("/usr/share/doc/python3.11")
"""Where Debian's python3.11-doc lies."""
DATES = ("2026-06-01", "2026-06-02")
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
CHECKS_SUFFIX = "_checks"
STEP_OF = {"pages": "crawl_pages", "records": "extract_records", "near_duplicates": "compare_records"}
"""Layers that are written together with others; the step of any other has its name."""


def read_pages(data: Path, wanted: int) -> list[bytes]:
    """Return real pages; where there are fewer than wanted, the same again with another line."""
    files = [*sorted(data.glob("*/dev/html/*.gz")), *sorted(data.glob("*/html/*.gz"))]
    files += sorted(DOCUMENTATION.rglob("*.html"))
    bodies = [
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for file in files[:wanted]
    ]
    if not bodies:
        return []
    return [
        bodies[number % len(bodies)] + f"\n<!-- {number // len(bodies)} -->".encode()
        for number in range(wanted)
    ]


def measure(pages: Sequence[bytes], folder: Path, *, embed: bool) -> list[Mapping[str, object]]:
    """Run pages through the layers on two dates; return a row for each layer of the second.

    Args:
        pages: bodies of HTML.
        folder: an empty one.
        embed: whether embeddings and what is made of them are run too; they take most of the time.
    """
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(ENCODERS)
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        deployment = Deployment(folder, instance, {})
        deployment.write_source(
            {
                "name": "pages",
                "description": "Pages in a folder",
                "start": DATES[0],
                "cadence_hours": 8_760,
                "fetch": {
                    "via": "files",
                    "discover": [
                        {"by": "files", "path": str(folder / "pages"), "base_url": "https://x.test/"}
                    ],
                },
                "extract": {"kind": "article"},
                "expect": {"completeness": {}, "required": [], "valid": 0},
            }
        )
        partitioned = [name for name in CRAWLED if embed or name != "embeddings"]
        seconds: dict[str, float] = {}
        for date in DATES:
            _write(pages, folder / "pages", date)
            deployment.now = f"{date}T20:00:00+00:00"
            seconds = _run(deployment, partitioned, Partition.from_key(f"{date}|pages"))
        if embed:
            seconds |= _run(deployment, PUBLISHED, None)
    rows: list[Mapping[str, object]] = []
    for step, checks in STEPS.items():
        layer = step.removesuffix(CHECKS_SUFFIX)
        made, judged = seconds.get(STEP_OF.get(layer, layer)), seconds.get(step)
        if made is not None and judged is not None:
            rows.append(
                {
                    "pages": len(pages),
                    "layer": layer,
                    "checks": len(checks),
                    "layer s": made,
                    "check step s": judged,
                    "share": judged / (made + judged),
                }
            )
    return rows


def in_all(rows: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """Return the sum of some rows."""
    layers, checks = (sum(float(str(row[name])) for row in rows) for name in ("layer s", "check step s"))
    return {
        "pages": rows[0]["pages"], "layer": "in all", "checks": sum(int(str(row["checks"])) for row in rows),
        "layer s": layers, "check step s": checks, "share": checks / (layers + checks),
    }  # fmt: skip


def _write(pages: Sequence[bytes], folder: Path, date: str) -> None:
    folder.mkdir(exist_ok=True)
    for number, body in enumerate(pages):
        (folder / f"{number}.html").write_bytes(body + f"\n<p>Seen on {date}.</p>".encode())


def _run(deployment: Deployment, layers: Sequence[str], partition: Partition | None) -> dict[str, float]:
    """Run layers with their checks, all in one run; return the seconds of each step."""
    job = dg.define_asset_job("timed", selection=dg.AssetSelection.assets(*layers))
    result = (
        dg.Definitions.merge(deployment.definitions(), dg.Definitions(jobs=[job]))
        .resolve_job_def("timed")
        .execute_in_process(
            instance=deployment.instance,
            partition_key=partition.key if partition else None,
            raise_on_error=False,
            run_config=SILENT,
        )
    )
    return {
        each.step_key: each.end_time - each.start_time
        for each in deployment.instance.get_run_step_stats(result.run_id)
        if each.start_time and each.end_time
    }


def main() -> None:
    """Measure, print and write the figures."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--pages", type=int, nargs="+", default=[300, 3_000])
    arguments.add_argument(
        "--embed-up-to", type=int, default=300, help="larger stores stop before embeddings"
    )
    given = arguments.parse_args()
    tables = []
    for count in given.pages:
        pages = read_pages(given.data, count)
        if not pages:
            print(f"no pages in {given.data}, nor in {DOCUMENTATION}")
            return
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(pages, Path(folder), embed=count <= given.embed_up_to)
        tables.append((f"{len(pages)} pages", [*rows, in_all(rows)]))
    report(dict(tables), tables, given.json)


if __name__ == "__main__":
    main()
