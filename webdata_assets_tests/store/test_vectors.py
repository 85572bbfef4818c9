"""The cache of vectors in its table."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable

from webdata_assets.schemas.vectors import VECTORS
from webdata_assets.stages.embed.cache import packed
from webdata_assets.store.fitting import check_types
from webdata_assets.store.vectors import COMPACT_EVERY, StoredVectors
from webdata_assets_tests.store.rows import digest

MODEL, OTHER = "model@1/int8/mean/256", "other@2/fp32/mean/512"
ROOT = Path(__file__).parents[2]


def vectors(*names, seed=0):
    """Return unit vectors of the texts of these names; equal ones for equal arguments."""
    rows = np.stack([np.random.default_rng([seed, *name.encode()]).normal(size=8) for name in names])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return pl.DataFrame([hashes(*names), packed(rows)])


def hashes(*names):
    return pl.Series("text_hash", [digest(name) for name in names])


@pytest.fixture
def cache(store):
    return StoredVectors(store.tables)


def test_what_was_added_is_known_bit_for_bit(cache):
    cache.add(MODEL, vectors("a", "b", "c"))
    found = cache.known(MODEL, hashes("c", "a", "unknown"))
    assert found.sort("text_hash").equals(vectors("a", "c").sort("text_hash"))


def test_nothing_is_known_before_the_first_addition(cache):
    assert cache.known(MODEL, hashes("a")).is_empty()


def test_models_do_not_see_each_others_vectors(cache):
    cache.add(MODEL, vectors("a", "b"))
    cache.add(OTHER, vectors("a", seed=1))
    assert cache.known(OTHER, hashes("a", "b")).equals(vectors("a", seed=1))


def test_a_text_that_was_added_twice_is_found_once(cache):
    cache.add(MODEL, vectors("a"))
    cache.add(MODEL, vectors("a", "b"))
    assert cache.known(MODEL, hashes("a", "a", "b")).height == 2


def test_the_files_of_other_models_stay_closed(cache, store):
    cache.add(MODEL, vectors("a"))
    cache.add(OTHER, vectors("a"))
    [of_the_other] = Path(store.location.table("vectors")).glob("model_id=other*/*.parquet")
    of_the_other.unlink()
    assert cache.known(MODEL, hashes("a")).height == 1


def test_rows_are_those_of_the_schema(cache, store):
    cache.add(MODEL, vectors("a"))
    check_types(VECTORS, store.tables.read(VECTORS))
    VECTORS.schema.validate(store.tables.read(VECTORS))


def test_the_cache_is_no_part_of_the_content_of_a_store(cache, store):
    before = store.content_hashes()
    cache.add(MODEL, vectors("a"))
    assert store.content_hashes() == before


def test_small_files_are_put_together_and_nothing_is_lost(cache, store):
    names = [str(number) for number in range(COMPACT_EVERY)]
    for name in names:
        cache.add(MODEL, vectors(name))
    assert len(DeltaTable(store.location.table("vectors")).file_uris()) < 5
    assert cache.known(MODEL, hashes(*names)).sort("text_hash").equals(
        vectors(*names).sort("text_hash")
    )  # fmt: skip


ADD_MANY = """
import sys
from webdata_assets.store import Store
from webdata_assets.store.vectors import StoredVectors
from webdata_assets_tests.store.test_vectors import MODEL, vectors
cache = StoredVectors(Store.open(sys.argv[1]).tables)
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 60):
    cache.add(MODEL, vectors(str(number)))
"""


def test_writers_that_race_lose_nothing_and_leave_no_wrong_vector(cache, store):
    command = [sys.executable, "-c", ADD_MANY, store.location.root]
    writers = [subprocess.Popen([*command, str(first)], cwd=ROOT) for first in (0, 30)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    names = [str(number) for number in range(90)]
    found = cache.known(MODEL, hashes(*names)).sort("text_hash")
    assert found.equals(vectors(*names).sort("text_hash"))
