"""(b) Plain Dagster: the script's steps as one asset each, date × source, default IO manager and executor.

`dagster asset materialize -m …by_dagster --select '*' --partition 2026-06-01|web`; the environment names the
plan's file.
"""

import os

import dagster as dg
import polars as pl

from webdata_assets_tests.benchmarks.whole import steps
from webdata_assets_tests.benchmarks.whole.plan import DATES, PLAN_FILE, SOURCE, Plan

GRID = dg.MultiPartitionsDefinition(
    {
        "date": dg.DailyPartitionsDefinition(start_date=DATES[0]),
        "source": dg.StaticPartitionsDefinition([SOURCE]),
    }
)


def _plan() -> Plan:
    return Plan.load(os.environ[PLAN_FILE])


@dg.asset(partitions_def=GRID)
def pages() -> pl.DataFrame:
    return steps.crawl(_plan().origin, _plan().folder / "http_cache")


@dg.asset(partitions_def=GRID)
def texts(pages: pl.DataFrame) -> pl.DataFrame:
    found = steps.extract(pages, _plan().cores)
    found.write_parquet(_plan().folder / "texts.parquet", compression="zstd")
    return found


@dg.asset(partitions_def=GRID)
def good(texts: pl.DataFrame) -> pl.DataFrame:
    kept = steps.keep_good(texts, _plan().cores)
    kept.select("url").write_parquet(_plan().folder / "good.parquet")
    return kept


@dg.asset(partitions_def=GRID)
def unique(good: pl.DataFrame) -> pl.DataFrame:
    return steps.keep_unique(good)


@dg.asset(partitions_def=GRID)
def chunks(unique: pl.DataFrame) -> pl.DataFrame:
    return steps.chunk(unique, _plan().model)


@dg.asset(partitions_def=GRID)
def vectors(chunks: pl.DataFrame) -> pl.DataFrame:
    return steps.embed(chunks, _plan().model, _plan().cores)


@dg.asset(partitions_def=GRID)
def index(vectors: pl.DataFrame) -> int:
    return steps.index(vectors, _plan().folder / "index")


defs = dg.Definitions(assets=[pages, texts, good, unique, chunks, vectors, index])
