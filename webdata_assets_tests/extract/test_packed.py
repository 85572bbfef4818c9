"""Packed extractions: what is read back equals what was written."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.extract.extraction import Candidate, Extraction, FieldError, PageFailure
from webdata_assets.stages.extract.packed import pack, unpack

# JSON has no lone surrogates, and no worker can send one
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | TEXTS
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ERRORS = st.builds(
    FieldError, TEXTS, st.sampled_from(["text", "integer", "decimal"]), st.none() | TEXTS, TEXTS, TEXTS
)
CANDIDATES = st.builds(
    Candidate,
    TEXTS,
    st.integers(0, 100),
    st.dictionaries(TEXTS, VALUES, max_size=4),
    TEXTS,
    st.dates(),
    st.lists(ERRORS, max_size=2).map(tuple),
    st.dictionaries(TEXTS, VALUES, max_size=2),
    st.none() | ERRORS,
)
EXTRACTIONS = st.builds(
    Extraction,
    st.lists(CANDIDATES, max_size=4).map(tuple),
    st.just(()),
    st.dictionaries(TEXTS, st.dictionaries(TEXTS, st.integers(0, 9), max_size=2), max_size=2),
)


@given(EXTRACTIONS)
def test_what_is_unpacked_is_what_was_packed(extraction: Extraction) -> None:
    assert unpack(pack(extraction)) == extraction


def test_pages_that_failed_are_not_kept() -> None:
    failure = PageFailure("https://a.test/", "killed", "0" * 64, dt.date(2026, 6, 1))
    with pytest.raises(ValueError, match="not kept"):
        pack(Extraction(failures=(failure,), candidates=()))
