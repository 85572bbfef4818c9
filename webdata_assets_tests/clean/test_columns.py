import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.stages.clean.columns import to_column
from webdata_assets.stages.extract.values import ConversionError
from webdata_assets_tests.extract.making import data_folder

WRITTEN = [
    "1.299,00 €", "$5", "12 kg", "4.5 out of 5", "1,234 reviews", "2026-05-01T10:00:00+02:00", "May 1, 2026",
    "https://Example.org/a b", "//example.org/x", "en-US", "eur", "A &amp;amp; B", "donâ€™t", "", " ", "free",
]  # fmt: skip
ZONES = st.sampled_from([None, *(dt.timezone(dt.timedelta(minutes=m)) for m in (-480, 0, 330, 840))])
VALUES = st.one_of(
    st.sampled_from(WRITTEN),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.decimals().filter(lambda number: not number.is_snan()),
    st.booleans(),
    st.datetimes(timezones=ZONES),
    st.lists(st.sampled_from(WRITTEN), max_size=3),
)


def twice(name: str, value: object) -> tuple[object, object] | None:
    """Return a value in its column, and that again; None where the column cannot hold it."""
    try:
        once = to_column(name, value)
    except ConversionError:
        return None
    return once, None if once is None else to_column(name, once)


@pytest.mark.parametrize("name", sorted(STRUCTURED_FIELDS | {"grade"}))
def test_a_clean_value_is_clean(name: str) -> None:
    @settings(deadline=None)
    @given(VALUES)
    def is_idempotent(value: object) -> None:
        if (results := twice(name, value)) is not None:
            # NaN is equal to nothing, so what is written is compared
            assert repr(results[0]) == repr(results[1])

    is_idempotent()


@pytest.mark.parametrize("name", sorted(STRUCTURED_FIELDS))
def test_a_clean_naughty_string_is_clean(name: str) -> None:
    for text in json.loads((data_folder("hostile_inputs") / "blns/blns.json").read_text()):
        if (results := twice(name, text)) is not None:
            assert results[0] == results[1], text


def test_values_in_their_columns() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    assert to_column("price", "1.299,00 €") == Decimal(1299)
    assert to_column("published_at", dt.datetime(2026, 5, 1, 10, tzinfo=east)) == dt.datetime(
        2026, 5, 1, 8, tzinfo=dt.UTC
    )
    assert to_column("image_url", " HTTPS://Example.org/ä.png") == "https://example.org/%C3%A4.png"
    assert to_column("canonical_url", "not a url") == "not a url", "the schema refuses it"
    assert to_column("title", "donâ€™t") == "don’t"


def test_a_moment_beyond_the_calendar_is_no_value() -> None:
    first = dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14)))
    with pytest.raises(ConversionError, match="years 1 to 9999"):
        to_column("published_at", first)
