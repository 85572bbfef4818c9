"""Deliveries to PostgreSQL and DuckDB beside dlt: first load, 2 % changed, and the same again.

What belongs here: rows, contenders, rows per second. What does not: whether what was delivered is right
(webdata_assets_tests/deliver). Ours read everything back and compare its hash before they commit, and delete
what vanished; dlt does neither. CPU seconds are the client's, without those of the PostgreSQL server.

`python -m webdata_assets_tests.benchmarks.deliver --rows 50000 --json OUT`
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from webdata_assets.stages.deliver.changes import hash_of
from webdata_assets.stages.deliver.sink import Delivery, Shape, Sink
from webdata_assets.stages.deliver.sql.duckdb import DuckDBSink
from webdata_assets.stages.deliver.sql.postgres import PostgresSink
from webdata_assets.stages.hashing import row_hashes
from webdata_assets_tests.benchmarks.arguments import parser, report
from webdata_assets_tests.servers.postgres import running_server

CHANGED = 50
"""One row of so many."""

_WORDS = "the quick brown fox jumps over the lazy dog while it rains in the valley "
SHAPE = Shape(
    "record_id",
    pl.Schema(
        {
            "record_id": pl.String(),
            "url": pl.String(),
            "title": pl.String(),
            "text": pl.String(),
            "price": pl.Float64(),
            "sold": pl.Boolean(),
            "published_at": pl.Datetime("us", "UTC"),
            "row_hash": pl.String(),
        }
    ),
)

Deliver = Callable[[pl.DataFrame], None]


def main() -> None:
    """Race the contenders, each in a target of its own."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--rows", type=int, default=50_000, help="(default: %(default)s)")
    given = arguments.parse_args()
    rows = measure(given.rows)
    report({"deliver": rows}, [(f"{given.rows:,} rows, rows/s", rows)], given.json)


def measure(count: int) -> list[dict[str, object]]:
    """Return one row for each contender: rows per second of wall time, and its CPU seconds."""
    first, changed = state(count), state(count, changed=True)
    results = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        server = servers.enter_context(running_server())
        for name, deliver in contenders(server, Path(folder)):
            figures: dict[str, object] = {"contender": name}
            for phase, rows in (("first load", first), ("2 % changed", changed), ("replay", changed)):
                wall, processor = time.perf_counter(), _processor_seconds()
                deliver(rows)
                figures[phase] = round(count / (time.perf_counter() - wall))
                figures[f"CPU s, {phase}"] = round(_processor_seconds() - processor, 2)
            results.append(figures)
    return results


def state(count: int, *, changed: bool = False) -> pl.DataFrame:
    """Return records with about 700 characters of text."""
    number = pl.int_range(count, eager=True)
    marker = pl.when(number % CHANGED == 0).then(pl.lit("changed " if changed else "")).otherwise(pl.lit(""))
    rows = pl.DataFrame({"number": number}).select(
        record_id=pl.format("{}", pl.col("number").hash(seed=7)),
        url=pl.format("https://www.example.org/article/{}", "number"),
        title=pl.format("{}Title of {}", marker, "number"),
        text=pl.format("{} {}", "number", pl.lit(_WORDS * 10)),
        price=pl.col("number") / 7,
        sold=pl.col("number") % 3 == 0,
        published_at=pl.lit(1_750_000_000_000_000).add(pl.col("number")).cast(pl.Datetime("us", "UTC")),
    )
    return rows.with_columns(row_hashes(rows)).select(SHAPE.schema.names()).cast(SHAPE.schema)


def contenders(server: str, folder: Path) -> Iterator[tuple[str, Deliver]]:
    """Yield each contender's name, and how it delivers a state."""
    yield "ours, postgres", _ours(PostgresSink(server, "records", SHAPE))
    yield "dlt, postgres", _dlt("postgres", server, "csv", folder)
    yield "ours, duckdb", _ours(DuckDBSink(folder / "ours.duckdb", "records", SHAPE))
    yield "dlt, duckdb", _dlt("duckdb", str(folder / "dlt.duckdb"), "parquet", folder)


def _ours(sink: Sink) -> Deliver:
    sequences: dict[str, int] = {}

    def deliver(rows: pl.DataFrame) -> None:
        digest = hash_of(rows, SHAPE)
        sequence = sequences.setdefault(digest, len(sequences))
        result = sink.merge(rows, Delivery(sequence, "benchmark", digest))
        assert result.rows == len(rows)

    return deliver


def _dlt(destination: str, address: str, file_format: str, folder: Path) -> Deliver:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt

    places: Mapping[str, Callable[[], object]] = {
        "postgres": lambda: dlt.destinations.postgres(_pg_address(address)),
        "duckdb": lambda: dlt.destinations.duckdb(address),
    }
    pipeline = dlt.pipeline(
        f"benchmark_{destination}",
        destination=places[destination](),
        dataset_name="delivered",
        pipelines_dir=str(folder / "pipelines"),
    )

    def deliver(rows: pl.DataFrame) -> None:
        pipeline.run(
            [rows.to_arrow()],
            table_name="records",
            primary_key="record_id",
            write_disposition={"disposition": "merge", "strategy": "upsert"},
            loader_file_format=file_format,
        )

    return deliver


def _pg_address(server: str) -> str:
    # dlt wants a user, a password and a host; the server trusts whoever reaches its socket
    return server.replace("postgres@/", "postgres:unused@localhost/")


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    main()
