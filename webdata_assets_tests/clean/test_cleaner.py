import datetime as dt
import json
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.records import Quarantine, Records
from webdata_assets.stages.clean.cleaner import Cleaned, clean
from webdata_assets.stages.extract.extractor import Candidate, Extraction, FieldError, PageFailure
from webdata_assets_tests.extract.making import DATE, URL, make_source

SOURCE = make_source({"kind": "product"}, required=["title"])
HASH = "a" * 64


def candidate(
    ordinal: int = 0, url: str = URL, errors: tuple[FieldError, ...] = (), **values: object
) -> Candidate:
    return Candidate(url, ordinal, values, HASH, DATE, errors)


def cleaned(*candidates: Candidate, source=SOURCE) -> Cleaned:
    result = clean(source, DATE, Extraction(candidates))
    Records.validate(result.records)
    Quarantine.validate(result.quarantine)
    refused = (
        result.quarantine.filter(result.quarantine["ordinal"] >= 0).select("url", "ordinal").unique().height
    )
    assert result.extracted == len(candidates) == result.records.height + refused
    return result


def test_a_good_candidate_becomes_a_typed_record() -> None:
    (record,) = cleaned(
        candidate(
            title=" A &amp; B\u202e ",
            price=Decimal("9.5"),
            currency="eur",
            language="en-US",
            published_at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC),
            grade=Decimal("4.50"),
            tags=["x ", ""],
            seen=dt.datetime(2026, 5, 1, tzinfo=dt.UTC),
        )
    ).records.to_dicts()
    assert record["title"] == "A & B"
    assert record["price"] == Decimal("9.5")
    assert (record["currency"], record["language"], record["kind"]) == ("EUR", "en", "product")
    assert record["extra"] == '{"grade":4.5,"seen":"2026-05-01T00:00:00Z","tags":["x"]}'
    assert record["payload_date"] == DATE


def test_every_reason_is_given_and_the_record_shows_what_was_there() -> None:
    errors = (FieldError("price", "decimal", "ask us", "not a number"),)
    result = cleaned(candidate(errors=errors, currency="euro?", availability="maybe", brand="B", empty=" "))
    assert result.records.is_empty()
    reasons = {(row["rule"], row["field"]): row for row in result.quarantine.to_dicts()}
    assert reasons.keys() == {
        ("type", "price"),
        ("required", "title"),
        ("currency|regex", "currency"),
        ("availability|check", "availability"),
    }
    assert reasons["type", "price"]["value"] == "ask us"
    assert reasons["availability|check", "availability"]["value"] == "maybe"
    record = json.loads(reasons["required", "title"]["record"])
    assert record.keys() == {"url", "currency", "availability", "brand"}


def test_an_ill_typed_required_field_is_reported_once() -> None:
    error = FieldError("title", "text", "{}", "an object, not a text")
    assert cleaned(candidate(errors=(error,))).quarantine["rule"].to_list() == ["type"]


@pytest.mark.parametrize(
    ("values", "rule", "field"),
    [
        ({"price": Decimal(1)}, "price_has_currency", "currency"),
        ({"price": Decimal(-1), "currency": "EUR"}, "price|min", "price"),
        ({"price": Decimal(10) ** 20, "currency": "EUR"}, "type", "price"),
        ({"price": ["x"], "currency": "EUR"}, "type", "price"),
        ({"title": "x" * 2_001}, "title|max_length", "title"),
        ({"language": "klingon"}, "language|regex", "language"),
        (
            {"published_at": dt.datetime(2026, 6, 3, tzinfo=dt.UTC)},
            "not_published_after_the_partition",
            "published_at",
        ),
        ({"published_at": "soon"}, "type", "published_at"),
    ],
)
def test_rules_name_their_field(values: dict[str, object], rule: str, field: str) -> None:
    (row,) = cleaned(candidate(**{"title": "t", **values})).quarantine.to_dicts()
    assert (row["rule"], row["field"]) == (rule, field)
    assert row["reason"]


def test_a_price_is_rounded_to_the_columns_four_places() -> None:
    result = cleaned(candidate(title="t", price=Decimal("0.123456"), currency="EUR"))
    assert result.records["price"].to_list() == [Decimal("0.1235")]


def test_the_first_of_two_records_with_one_key_is_kept() -> None:
    result = cleaned(
        candidate(2, title="c"),
        candidate(0, title=" "),
        candidate(1, title="b"),
        candidate(0, URL + "/z", title="z"),
    )
    assert sorted(result.records["title"]) == ["b", "z"]
    rows = {row["ordinal"]: row for row in result.quarantine.to_dicts()}
    assert rows[0]["rule"] == "required"
    assert rows[2]["rule"] == "duplicate_key"
    assert "item 1 of" in rows[2]["reason"]


def test_a_record_without_its_key_is_refused() -> None:
    source = make_source({"kind": "item", "key": ["sku"], "fields": {"sku": ".sku"}})
    (row,) = cleaned(candidate(title="t"), source=source).quarantine.to_dicts()
    assert (row["rule"], row["field"]) == ("required", "sku")


def test_a_declared_url_identifies_an_item_and_the_record_keeps_its_page() -> None:
    source = make_source({"kind": "item", "fields": {"url": {"css": "a", "attr": "href", "type": "url"}}})
    items = [Candidate(URL, n, {"url": f"http://shop.test/item/{n}"}, HASH, DATE) for n in range(2)]
    result = cleaned(*items, source=source)
    assert result.records["record_id"].n_unique() == 2
    assert set(result.records["url"]) == {URL}
    assert json.loads(result.records.sort("ordinal")["extra"][0]) == {"url": "http://shop.test/item/0"}


def test_the_same_text_points_to_the_first_record() -> None:
    result = cleaned(
        candidate(0, URL + "b", title="x", text="Same  TEXT"),
        candidate(0, URL + "a", title="y", text="same text"),
        candidate(0, URL + "c", title="z"),
        candidate(0, URL + "d", title="z"),
    )
    rows = {row["title"]: row for row in result.records.to_dicts()}
    assert rows["x"]["duplicate_of"] == rows["y"]["record_id"]
    assert rows["y"]["duplicate_of"] is None
    assert rows["z"]["duplicate_of"] is None


def test_a_failed_page_is_one_row_and_no_record() -> None:
    result = clean(SOURCE, DATE, Extraction(failures=(PageFailure(URL, "not JSON\u202e", HASH, DATE),)))
    (row,) = result.quarantine.to_dicts()
    assert (row["rule"], row["ordinal"], row["reason"], row["record"]) == ("extract", -1, "not JSON", "{}")
    assert result.extracted == 0


def test_values_are_cut_and_stripped_of_what_hides() -> None:
    error = FieldError("price", "decimal", "\u202e" + "x" * 9_000, "not a number")
    (row,) = cleaned(candidate(title="t", errors=(error,))).quarantine.to_dicts()
    assert row["value"] == "x" * 500


def test_nothing_extracted_gives_empty_tables() -> None:
    result = cleaned()
    assert (result.records.height, result.quarantine.height, result.extracted) == (0, 0, 0)


def test_the_same_bytes_of_content_have_one_hash_on_any_page() -> None:
    result = cleaned(candidate(0, URL + "a", title="x"), candidate(0, URL + "b", title="x "))
    assert result.records["content_hash"].n_unique() == 1


def test_two_candidates_in_one_place_are_a_bug() -> None:
    with pytest.raises(ValueError, match="same url and ordinal"):
        clean(SOURCE, DATE, Extraction((candidate(title="a"), candidate(title="b"))))


VALUES = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["EUR", "en", "InStock", "2026-05-01", "http://x.test/", "9.50", "1,2 €"]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.lists(st.text(max_size=4), max_size=3),
)
NAMES = st.sampled_from(
    [
        "title",
        "text",
        "price",
        "currency",
        "language",
        "published_at",
        "image_url",
        "availability",
        "sku",
        "rating",
    ]
)
CANDIDATES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.dictionaries(NAMES, VALUES, max_size=6)),
    max_size=8,
    unique_by=lambda entry: entry[:2],
)


@settings(max_examples=15, deadline=None)
@given(CANDIDATES, st.randoms(use_true_random=False))
def test_every_candidate_ends_in_one_place_whatever_the_order(
    entries: list[tuple[int, int, dict[str, object]]], shuffler: random.Random
) -> None:
    candidates = [Candidate(f"{URL}/{page}", n, values, HASH, DATE) for page, n, values in entries]
    result = cleaned(*candidates)
    kept = set(result.records.select("url", "ordinal").iter_rows())
    refused = set(result.quarantine.select("url", "ordinal").iter_rows())
    assert not kept & refused
    assert kept | refused == {(entry.url, entry.ordinal) for entry in candidates}
    shuffler.shuffle(candidates)
    again = cleaned(*candidates)
    assert again.records.equals(result.records)
    assert again.quarantine.equals(result.quarantine)
