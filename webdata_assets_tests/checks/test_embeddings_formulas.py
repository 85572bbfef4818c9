"""Formulas of embeddings: exact slices of every record, and vectors that can be compared."""

import pytest

from webdata_assets_tests.checks.judge import judge, numbers
from webdata_assets_tests.store.rows import digest, frame, put, row


def put_rows(store, name, *rows):
    put(store, name, frame(name, *rows))


def test_exactly_the_records_with_words_have_chunks(store):
    wordless = row("records", number=2, title=None, text=None)
    titled = row("records", number=1, text=None)
    put_rows(store, "records", row("records"), titled, wordless)
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1))
    assert numbers(judge(store, "embeddings", "reconciliation")) == (True, 0, 0)


def test_records_without_chunks_and_chunks_without_a_record_are_counted(store):
    put_rows(store, "records", row("records"), row("records", number=1))
    put_rows(store, "embeddings", *(row("embeddings", number=number) for number in (0, 2, 3)))
    finding = judge(store, "embeddings", "reconciliation")
    assert numbers(finding) == (False, 3, 0)
    assert finding.detail == "1 records without a row, 2 rows without a record"


MARKDOWN = "# Ünïcode\n\n- 中文 one\n- two 😀"


@pytest.mark.parametrize(
    ("chunk", "passed"),
    [
        ({}, True),
        ({"start": 3, "end": 7}, False),
        ({"text": "test"}, False),
        ({"field": "title", "start": 0, "end": 4, "text": "Item"}, True),
        ({"field": "title"}, False),
        ({"field": "structured_text", "start": 13, "end": 15, "text": "中文"}, True),
        ({"field": "structured_text", "start": 26, "end": 27, "text": "😀"}, True),
        ({"field": "structured_text", "start": 26, "end": 29, "text": "😀"}, False),
    ],
    ids=[
        "of the text", "shifted", "altered", "of the title", "of another field", "wide", "astral",
        "past the end",
    ],
)  # fmt: skip
def test_chunks_are_the_slices_that_they_say_they_are(store, chunk, passed):
    put_rows(store, "records", row("records", structured_text=MARKDOWN))
    put_rows(store, "embeddings", row("embeddings", **chunk))
    finding = judge(store, "embeddings", "exact_slices")
    assert numbers(finding) == (passed, 0 if passed else 1, 0)
    assert finding.detail == (None if passed else f"such as {0:032x}-0000")


def test_a_slice_of_a_field_that_the_record_lacks_fails(store):
    put_rows(store, "records", row("records", structured_text=None))
    put_rows(store, "embeddings", row("embeddings", field="structured_text"))
    assert numbers(judge(store, "embeddings", "exact_slices")) == (False, 1, 0)


def vector(scale=1.0, dimensions=384):
    return [scale, *[0.0] * (dimensions - 1)]


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([vector(), vector(1.0005)], (True, pytest.approx(0.0005, abs=1e-6), 1e-3)),
        ([vector(), vector(0.9)], (False, pytest.approx(0.1, abs=1e-6), 1e-3)),
        ([vector(float("nan"))], (False, None, 1e-3)),
        ([vector(float("inf"))], (False, None, 1e-3)),
        ([vector(), vector(dimensions=8)], (False, None, 1e-3)),
        ([], (True, None, 1e-3)),
    ],
    ids=["within tolerance", "too short", "not a number", "infinite", "of other dimensions", "none"],
)
def test_unit_vectors(store, vectors, expected):
    rows = [row("embeddings", number=number, vector=value) for number, value in enumerate(vectors)]
    put_rows(store, "embeddings", *rows)
    assert numbers(judge(store, "embeddings", "unit_vectors")) == expected


def test_vectors_of_several_dimensions_are_named(store):
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1, vector=[1.0]))
    assert judge(store, "embeddings", "unit_vectors").detail == "vectors of [1, 384] dimensions"


def test_one_model(store):
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1))
    assert numbers(judge(store, "embeddings", "one_model")) == (True, 1, 1)
    put_rows(store, "embeddings", row("embeddings"), row("embeddings", number=1, model_id="other@2/8"))
    finding = judge(store, "embeddings", "one_model")
    assert numbers(finding) == (False, 2, 1)
    assert finding.detail == "vectors of model@1/8, other@2/8"


@pytest.mark.parametrize(("tokens", "passed"), [(8, True), (9, False)])
def test_chunks_are_no_longer_than_the_model_reads(store, tokens, passed):
    longest = row("embeddings", number=1, tokens=tokens, text_hash=digest("long"))
    put_rows(store, "embeddings", row("embeddings"), longest)
    finding = judge(store, "embeddings", "read_whole")
    assert numbers(finding) == (passed, tokens, 8)
    assert finding.metrics == {"mean_tokens": (3 + tokens) / 2}


def test_a_model_whose_id_names_no_limit_has_none(store):
    put_rows(store, "embeddings", row("embeddings", model_id="endpoint"))
    finding = judge(store, "embeddings", "read_whole")
    assert numbers(finding) == (True, 3, None)
    assert finding.detail == "the model's id names no limit"


@pytest.mark.parametrize("check", ["exact_slices", "one_model", "read_whole", "reconciliation"])
def test_a_partition_without_records_passes(store, check):
    put_rows(store, "records")
    put_rows(store, "embeddings")
    assert judge(store, "embeddings", check).passed
