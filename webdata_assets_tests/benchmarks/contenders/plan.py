"""A frontier of any size, as the frontier asset would have planned it: `python -m …plan FILE ORIGIN SIZE`."""

import sys
from pathlib import Path

import polars as pl

from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets_tests.benchmarks.contenders.task import FIRST_DAY


def main() -> None:
    file, origin, size = sys.argv[1:]
    frontier = (
        FRONTIER.empty()
        .clear(n=int(size))
        .with_columns(
            date=pl.lit(FIRST_DAY),
            source=pl.lit("benchmark"),
            url=pl.format(f"{origin}/p/{{}}", pl.int_range(pl.len())),
            role=pl.lit("content"),
            discovery=pl.lit(0, pl.Int16),
            why=pl.lit("start"),
            depth=pl.lit(0, pl.Int32),
        )
        .sort("url")
    )
    frontier.write_parquet(Path(file), compression="zstd", row_group_size=10_000)


if __name__ == "__main__":
    main()
