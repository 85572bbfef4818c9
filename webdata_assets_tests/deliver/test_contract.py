"""Contracts: what is offered is cut to what was promised, and a breach is told in full."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain
from webdata_assets.sinks.contract import Contract
from webdata_assets.stages.deliver.chunks import CHUNKS
from webdata_assets.stages.deliver.contract import (
    TYPES,
    ContractBrokenError,
    Offer,
    promised_rows,
    promised_shape,
    type_name,
)
from webdata_assets.stages.deliver.rows import RECORDS, delivery_rows
from webdata_assets.stages.deliver.sink import ROW_HASH
from webdata_assets.stages.hashing import row_hashes
from webdata_assets_tests.learn.samples import corpus, embeddings, features


@pytest.fixture(scope="module")
def offer() -> Offer:
    return Offer(delivery_rows(corpus(20), features(20), embeddings(20), None, None), RECORDS)


def contract(**columns: object) -> Contract:
    return Contract.model_validate({"columns": columns})


def test_without_columns_everything_is_delivered(offer: Offer):
    assert promised_rows(Contract(), offer) == offer


def test_only_promised_columns_are_delivered_beside_key_and_hash(offer: Offer):
    promised = promised_rows(contract(title="string", price="decimal"), offer)
    assert promised.shape.schema.names() == ["record_id", "title", "price", ROW_HASH]
    assert promised.rows.schema == promised.shape.schema
    assert promised.rows[ROW_HASH].equals(row_hashes(promised.rows, exclude={ROW_HASH}))


def test_a_change_outside_the_promised_columns_changes_no_row(offer: Offer):
    narrow = contract(title="string")
    other = Offer(offer.rows.with_columns(url=pl.col("url") + "?"), offer.shape)
    assert promised_rows(narrow, other).rows.equals(promised_rows(narrow, offer).rows)


def test_every_breach_is_named_with_what_is_delivered_instead(offer: Offer):
    with pytest.raises(ContractBrokenError) as caught:
        promised_rows(contract(titel="string", price="float64", url="string"), offer)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert (
        "titel is not offered (did you mean title?); price is promised as float64 and is decimal now"
        in str(caught.value)
    )


def test_a_required_column_without_a_value_is_a_fault_of_the_content(offer: Offer):
    rows = offer.rows.with_columns(title=pl.when(pl.int_range(pl.len()) != 3).then("title"))
    required = contract(title={"type": "string", "required": True})
    assert promised_rows(required, offer).rows.height == 20
    with pytest.raises(
        ContractBrokenError, match=r"title has no value in 1 of 20 rows, such as 0+3"
    ) as caught:
        promised_rows(required, Offer(rows, offer.shape))
    assert caught.value.failure_domain is FailureDomain.PARSE


@given(st.sets(st.sampled_from(sorted({*RECORDS.schema} - {ROW_HASH}))))
def test_any_choice_of_columns_can_be_promised_by_their_own_types(chosen: set[str]):
    columns = {name: type_name(RECORDS.schema[name]) for name in chosen}
    shape = promised_shape(contract(**columns), RECORDS)
    assert set(shape.schema) == (chosen | {"record_id", ROW_HASH} if chosen else set(RECORDS.schema))
    assert shape.schema.names()[-1] == ROW_HASH


@pytest.mark.parametrize("shape", [RECORDS, CHUNKS], ids=["records", "chunks"])
def test_every_offered_column_has_a_word_for_its_type(shape):
    assert {type_name(dtype) for dtype in shape.schema.values()} <= set(TYPES)
