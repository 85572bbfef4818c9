"""Drift of embeddings: told by a domain classifier, with limits that chance alone does not exceed."""

import datetime as dt
import time

import numpy as np
import polars as pl
import pytest

from webdata_assets.checks.embedding_drift import MAX_RECORDS
from webdata_assets.partitions import Partition
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.store import Store
from webdata_assets_tests.checks.judge import judge, limits, source
from webdata_assets_tests.store.rows import DAY, SHOP, admit, digest, frame, put, row

YESTERDAY = Partition(DAY - dt.timedelta(days=1), "shop")


def chunks(
    seed: int,
    records: int,
    partition: Partition,
    *,
    shift: float = 0.0,
    model: str = "model@1/8",
    dimensions: int = 16,
    each: int = 1,
) -> pl.DataFrame:
    """Return chunks whose vectors are drawn from one cloud, which may lie elsewhere."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(records * each, dimensions)) + shift * np.eye(dimensions)[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    plain = row("embeddings", partition, model_id=model)
    ids = [digest(f"{seed} {number // each}")[:32] for number in range(records * each)]
    return (
        frame("embeddings", plain)
        .drop("record_id", "chunk_id", "vector")
        .join(
            pl.DataFrame({"record_id": ids}).with_columns(
                pl.concat_str("record_id", pl.lit("-"), pl.int_range(pl.len()).cast(pl.String).str.zfill(4))
                .alias("chunk_id"), vector_series(vectors.astype(np.float32)),
            ),
            how="cross",
        )
        .select(frame("embeddings").columns)
        .sort("chunk_id")
    )  # fmt: skip


def put_yesterday(store: Store, rows: pl.DataFrame) -> None:
    put(store, "embeddings", rows, YESTERDAY)
    admit(store, "embeddings", YESTERDAY)


def test_records_of_one_cloud_are_not_told_apart(store: Store):
    put_yesterday(store, chunks(1, 500, YESTERDAY))
    put(store, "embeddings", chunks(2, 400, SHOP))
    finding = judge(store, "embeddings", "drift")
    assert finding.passed
    assert finding.value == pytest.approx(0.5, abs=0.06)
    assert finding.metrics["mean_distance"] >= 0
    assert (finding.metrics["reference_records"], finding.metrics["reference_partitions"]) == (500, 1)


def test_records_that_moved_warn_with_the_distance_of_the_means(store: Store):
    put_yesterday(store, chunks(1, 800, YESTERDAY, shift=2))
    put(store, "embeddings", chunks(2, 800, SHOP, shift=-2))
    finding = judge(store, "embeddings", "drift")
    assert (finding.passed, finding.threshold, finding.origin) == (False, 0.55, "default")
    assert finding.value is not None
    assert finding.value > 0.95
    assert finding.metrics["mean_distance"] > 1


def test_few_records_raise_the_limit_and_its_origin_says_so(store: Store):
    put_yesterday(store, chunks(1, 50, YESTERDAY))
    put(store, "embeddings", chunks(2, 40, SHOP))
    (limit,) = limits(store, "embeddings", "drift")
    assert limit.value is not None
    assert 0.6 < limit.value < 0.7
    assert (limit.origin, limit.key, limit.points) == ("history", "expect.embedding_auc", 1)
    assert judge(store, "embeddings", "drift").threshold == limit.value


def test_the_source_file_sets_the_limit(store: Store):
    own = source({"embedding_auc": 0.9})
    (limit,) = limits(store, "embeddings", "drift", declared=own)
    assert (limit.value, limit.origin) == (0.9, "source file")


@pytest.mark.parametrize(("yesterday", "today"), [(0, 100), (100, 29), (29, 100)])
def test_fewer_than_thirty_records_on_a_side_are_not_judged(store: Store, yesterday: int, today: int):
    if yesterday:
        put_yesterday(store, chunks(1, yesterday, YESTERDAY))
    put(store, "embeddings", chunks(2, today, SHOP, shift=9))
    finding = judge(store, "embeddings", "drift")
    assert (finding.passed, finding.value) == (True, None)
    assert finding.detail == f"{today} records against {yesterday}: too few to judge"


def test_an_empty_partition_passes(store: Store):
    put_yesterday(store, chunks(1, 40, YESTERDAY))
    put(store, "embeddings", frame("embeddings"))
    assert judge(store, "embeddings", "drift").passed


def test_vectors_of_another_model_are_no_reference(store: Store):
    put_yesterday(store, chunks(1, 100, YESTERDAY, model="other@2/8"))
    put(store, "embeddings", chunks(2, 100, SHOP, shift=9))
    assert judge(store, "embeddings", "drift").metrics["reference_records"] == 0


def test_a_long_record_counts_once(store: Store):
    put_yesterday(store, chunks(1, 60, YESTERDAY, each=5))
    put(store, "embeddings", chunks(2, 60, SHOP, each=5))
    assert judge(store, "embeddings", "drift").metrics["reference_records"] == 60


def test_more_records_are_bounded_and_judged_within_a_second(store: Store):
    put_yesterday(store, chunks(1, 3_000, YESTERDAY, dimensions=384))
    put(store, "embeddings", chunks(2, 3_000, SHOP, dimensions=384))
    judge(store, "embeddings", "drift")  # libraries are loaded
    started = time.process_time()
    finding = judge(store, "embeddings", "drift")
    assert time.process_time() - started < 2
    assert finding.metrics["reference_records"] == MAX_RECORDS
    assert finding.passed
