"""Which chunks go into the index, and of which partitions it may delete some."""

import datetime as dt

import polars as pl
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.stages.index.chunk_rows import CHUNK_SCHEMA, indexable_chunks, of_one_model
from webdata_assets.stages.index.scope import current_embeddings, pending_records, refreshed_partitions
from webdata_assets_tests.index.many import DAY, chunks

LATER = DAY + dt.timedelta(days=1)
PARTITIONS = {"date": pl.Date, "source": pl.String}


def corpus(*rows):
    names = ("record_id", "source", "date", "state", "duplicate_of", "url", "title", "kind", "pii",
             "injection_flags", "detected_language", "published_at")  # fmt: skip
    given = [
        {"source": "shop", "date": DAY, "state": "live", "url": "https://x.test/", "kind": "product", **row}
        for row in rows
    ]
    return pl.DataFrame(given, schema={name: TABLES["corpus"].polars_schema[name] for name in names})


def embeddings(*keys):
    rows = [
        {
            "date": date, "source": "shop", "chunk_id": f"{number:032x}-0000", "record_id": f"{number:032x}",
            "ordinal": 0, "field": "text", "start": 3, "end": 4, "heading_path": ["Guide"], "tokens": 3,
            "text": "x", "context": "Guide", "text_hash": "0" * 64, "model_id": "tiny@1", "vector": [1.0],
        }
        for number, date in keys
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["embeddings"].polars_schema)


def record(number, **values):
    return {"record_id": f"{number:032x}", **values}


def test_only_live_canonical_records_are_indexed_in_their_current_version():
    rows = corpus(
        record(1, detected_language="en"), record(2, state="gone"), record(3, duplicate_of="0" * 32),
        record(4, date=LATER), record(5),
    )  # fmt: skip
    keys = [*((number, DAY) for number in range(1, 5)), (4, LATER), (9, DAY)]
    wanted = indexable_chunks(rows, embeddings(*keys))
    assert wanted.schema == CHUNK_SCHEMA
    assert wanted.select("record_id", "date").rows() == [(f"{1:032x}", DAY), (f"{4:032x}", LATER)]
    assert wanted.select("language", "kind", "start", "end", "context").row(0) == (
        "en",
        "product",
        3,
        4,
        "Guide",
    )


@pytest.mark.parametrize(
    ("values", "allowed", "flags"),
    [
        ({}, {}, (False, False)),
        ({"pii": "{}", "injection_flags": []}, {}, (False, False)),
        ({"pii": '{"email":1}'}, {}, (True, False)),
        ({"pii": '{"email":1}'}, {"pii_allowed": ["shop"]}, (False, False)),
        ({"pii": '{"email":1}'}, {"pii_allowed": ["blog"], "injection_allowed": ["shop"]}, (True, False)),
        ({"injection_flags": ["ignore_previous"]}, {}, (False, True)),
        ({"injection_flags": ["ignore_previous"]}, {"injection_allowed": ["shop"]}, (False, False)),
    ],
)
def test_chunks_are_flagged_unless_their_source_allows_it(values, allowed, flags):
    wanted = indexable_chunks(corpus(record(1, **values)), embeddings((1, DAY)), **allowed)
    assert wanted.select("pii", "injection").rows() == [flags]


def test_what_was_cleaned_before_its_source_redacted_stays_flagged():
    rows = corpus(*(record(number, pii='{"email":1}') for number in (1, 2)))
    embedded = embeddings((1, DAY), (2, DAY)).with_columns(
        text=pl.when(record_id=f"{1:032x}").then(pl.lit("Ask ann@example.com")).otherwise(pl.lit("[email]"))
    )
    wanted = indexable_chunks(rows, embedded, pii_redacted=["shop"])
    assert wanted["pii"].to_list() == [True, False]


def test_chunks_of_one_model_stand_in_one_index():
    assert of_one_model(chunks(4), ["shop", "blog"]).equals(chunks(4))
    assert of_one_model(chunks(4), []).equals(chunks(4))
    assert of_one_model(chunks(0), ["shop"]).is_empty()


def test_chunks_of_several_models_are_refused_with_how_many_and_the_remedy():
    old = pl.when(source="shop").then(pl.lit("tiny@0")).otherwise("model_id")
    mixed = chunks(9).with_columns(model_id=old)
    with pytest.raises(PermanentError, match=r"3 partitions \(4 chunks\) of tiny@0.*job `embed`") as caught:
        of_one_model(mixed, ["shop", "blog"])
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    with pytest.raises(PermanentError):
        of_one_model(mixed, [])


def test_sources_that_cannot_be_embedded_again_do_not_hold_up_the_others():
    old = pl.when(source="shop").then(pl.lit("tiny@0")).otherwise("model_id")
    usable = of_one_model(chunks(9).with_columns(model_id=old), ["blog"])
    assert usable.equals(chunks(9).filter(source="blog"))


def states(*rows):
    return pl.DataFrame(rows, schema={**PARTITIONS, "admitted": pl.Boolean}, orient="row")


def partitions(*rows):
    return pl.DataFrame(rows, schema=PARTITIONS, orient="row")


def test_embeddings_that_are_older_than_their_records_do_not_count():
    at = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
    schema = {**PARTITIONS, "at": pl.Datetime("us", "UTC")}
    keys = [(DAY, "shop"), (LATER, "shop"), (DAY, "old")]
    embedded = pl.DataFrame([(*key, at) for key in keys], schema=schema, orient="row").with_columns(
        admitted=pl.lit(True)
    )
    moments = [at + dt.timedelta(seconds=1), at]
    written = pl.DataFrame(
        [(*key, moment) for key, moment in zip(keys, moments, strict=False)], schema=schema, orient="row"
    )
    found = current_embeddings(embedded, written)
    assert found["admitted"].to_list() == [False, True, True]
    assert found.columns == embedded.columns


def test_the_index_may_delete_where_records_and_embeddings_are_admitted():
    embedded = states((DAY, "shop", True), (LATER, "shop", False), (DAY, "blog", True))
    admitted = partitions((DAY, "shop"), (LATER, "shop"))
    assert refreshed_partitions(admitted, embedded, ["shop", "blog"]).rows() == [(DAY, "shop")]


def test_the_index_may_delete_what_a_source_left_that_is_declared_no_more():
    embedded = states((DAY, "shop", False), (DAY, "old", False))
    assert refreshed_partitions(partitions(), embedded, ["shop"]).rows() == [(DAY, "old")]


def test_live_records_wait_for_the_embeddings_of_their_newest_version():
    rows = corpus(
        record(1), record(2, date=LATER), record(3, source="new"), record(4, date=LATER, state="gone"),
        record(5, date=LATER, duplicate_of="0" * 32),
    )  # fmt: skip
    embedded = states((DAY, "shop", True), (LATER, "shop", False))
    assert pending_records(rows, embedded) == [f"{2:032x}", f"{3:032x}"]
