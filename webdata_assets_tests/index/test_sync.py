"""The plan of a sync: what it writes, removes and leaves alone, whatever was held and is wanted."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import PermanentError
from webdata_assets.stages.hashing import row_hashes
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA
from webdata_assets.stages.index.sync import HELD_SCHEMA, SyncPlan, plan_sync
from webdata_assets_tests.index.many import DAY, chunks

TEMPLATE = {**chunks(1).row(0, named=True), "source": "shop"}
DAYS = tuple(DAY + dt.timedelta(days=number) for number in range(3))

versions = st.tuples(st.sampled_from(DAYS), st.integers(1, 3), st.sampled_from(["a", "b"]))
"""Of a record: its partition, how many chunks it has, and what they say."""
states = st.dictionaries(st.integers(0, 4), versions, max_size=5)
partitions = st.sets(st.sampled_from(DAYS))


def rows(state):
    """Return the chunks of records as they are wanted."""
    made = [
        {
            **TEMPLATE,
            "chunk_id": f"{number:032x}-{ordinal:04d}",
            "record_id": f"{number:032x}",
            "date": date,
            "text": f"{text}{ordinal}",
            "text_hash": f"{text}{ordinal}".encode().hex().zfill(64),
        }
        for number, (date, count, text) in sorted(state.items())
        for ordinal in range(count)
    ]
    return pl.DataFrame(made, schema=CHUNK_SCHEMA)


def held(frame):
    """Return chunks as an index tells of those that it holds."""
    hashed = frame.with_columns(row_hashes(frame, exclude=("vector",)))
    return hashed.select(HELD_SCHEMA.names()).cast(HELD_SCHEMA)


def after(before: pl.DataFrame, plan: SyncPlan) -> pl.DataFrame:
    """Return the held rows once a plan was carried out."""
    written = plan.write.select(HELD_SCHEMA.names())
    left = before.filter(~pl.col("chunk_id").is_in(plan.vanished.implode()))
    return pl.concat([left.join(written, on="chunk_id", how="anti"), written]).sort("chunk_id")


def scope(days):
    return pl.DataFrame(
        [(day, "shop") for day in sorted(days)], schema={"date": pl.Date, "source": pl.String}, orient="row"
    )


@given(states, states)
def test_without_a_scope_the_index_becomes_exactly_what_is_wanted(before, wanted):
    plan = plan_sync(rows(wanted), held(rows(before)))
    assert after(held(rows(before)), plan).equals(held(rows(wanted)).sort("chunk_id"))


@given(states, states, partitions, st.sets(st.integers(0, 4)))
def test_each_record_is_either_as_wanted_or_as_it_was(before, wanted, refreshed, pending):
    ids = [f"{number:032x}" for number in pending]
    plan = plan_sync(rows(wanted), held(rows(before)), scope(refreshed), ids)
    result = after(held(rows(before)), plan)
    for number in range(5):
        old, new = before.get(number), wanted.get(number)
        later = bool(old and new and new[0] > old[0])
        stays = bool(old) and (number in pending or (old[0] not in refreshed and not later))
        chosen = old if stays else new
        expected = held(rows({number: chosen} if chosen else {}))
        assert result.filter(record_id=f"{number:032x}").equals(expected.sort("chunk_id"))


@given(states, states, partitions, st.sets(st.integers(0, 4)))
def test_a_plan_says_truly_what_it_does_and_is_done_after_once(before, wanted, refreshed, pending):
    ids = [f"{number:032x}" for number in pending]
    was = held(rows(before))
    plan = plan_sync(rows(wanted), was, scope(refreshed), ids)
    result = after(was, plan)
    assert plan.manifest.equals(result.select(plan.manifest.columns))
    assert len(result) == len(was) + plan.inserted - plan.deleted
    assert plan.updated == was.join(plan.write, on="chunk_id", how="semi").height
    again = plan_sync(rows(wanted), result, scope(refreshed), ids)
    assert not again.changes
    assert again.manifest.equals(plan.manifest)


@given(states)
def test_a_scope_of_nothing_deletes_nothing(before):
    plan = plan_sync(rows({}), held(rows(before)), scope(set()))
    assert not plan.changes
    assert len(plan.manifest) == len(rows(before))


def test_what_stays_must_be_of_the_same_model():
    before = rows({0: (DAYS[0], 1, "a"), 1: (DAYS[1], 1, "a")})
    wanted = rows({1: (DAYS[1], 1, "a")}).with_columns(model_id=pl.lit("tiny@2"))
    with pytest.raises(PermanentError, match=r"tiny@1, tiny@2.*1 partitions.*2026-01-02\|shop"):
        plan_sync(wanted, held(before), scope({DAYS[1]}))
    assert plan_sync(wanted, held(before), scope(set(DAYS))).deleted == 1


def test_columns_beyond_the_schema_are_left_aside():
    plan = plan_sync(chunks(2).with_columns(other=pl.lit(1)), held(chunks(0)))
    assert plan.write.columns == [*CHUNK_SCHEMA.names(), "row_hash"]


def test_a_record_that_is_gone_goes_also_from_a_partition_that_failed():
    before = held(rows({0: (DAYS[0], 2, "a"), 1: (DAYS[0], 1, "a")}))
    plan = plan_sync(rows({}), before, scope([]), gone=[f"{0:032x}"])
    assert plan.manifest["record_id"].to_list() == [f"{1:032x}"]
    assert after(before, plan).equals(plan.manifest)
