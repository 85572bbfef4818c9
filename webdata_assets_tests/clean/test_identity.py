import datetime as dt
import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.clean.identity import canonical_json, content_hash, record_id


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=2, max_size=4))
def test_the_order_of_the_key_does_not_matter(key: dict[str, str]) -> None:
    backwards = dict(reversed(key.items()))
    assert record_id("shop", key) == record_id("shop", backwards)


@given(
    st.lists(st.text(max_size=4), min_size=2, max_size=2),
    st.lists(st.text(max_size=4), min_size=2, max_size=2),
)
def test_different_keys_never_run_into_each_other(one: list[str], other: list[str]) -> None:
    ids = [record_id("shop", dict(zip("ab", values, strict=True))) for values in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)


def test_an_id_is_the_same_for_ever() -> None:
    assert record_id("shop", {"url": "http://x.test/"}) == "05c8140e762ca870a97a5df97bee468b"


def test_the_same_key_of_another_source_is_another_record() -> None:
    assert record_id("a", {"url": "x"}) != record_id("b", {"url": "x"})


def test_content_is_the_same_without_its_missing_fields_and_trailing_zeros() -> None:
    assert content_hash({"a": "x", "b": None, "p": Decimal("4.50")}) == content_hash(
        {"p": Decimal("4.5"), "a": "x"}
    )
    assert content_hash({"a": "x"}) != content_hash({"a": "y"})


def test_canonical_json_writes_decimals_as_numbers_and_sorts_keys() -> None:
    moment = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    value = {"b": [Decimal(100), Decimal("1.50")], "a": moment}
    assert canonical_json(value) == b'{"a":"2026-06-01T12:00:00Z","b":[100,1.5]}'
    assert json.loads(canonical_json({"n": Decimal("0.1")})) == {"n": 0.1}
