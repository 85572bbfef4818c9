"""What became of each record since the version before."""

import json
from decimal import Decimal

import pytest

from webdata_assets.stages.changes import detect
from webdata_assets_tests.changes.versions import changes_of, day, gone_page, version
from webdata_assets_tests.store.rows import frame


def only(rows):
    assert rows.height == 1
    return rows.row(0, named=True)


def test_a_record_without_an_earlier_version_is_new():
    found = only(changes_of(day(0), [version(day(0))]))
    assert (found["kind"], found["previous_date"], found["first_date"]) == ("new", None, day(0).date)
    assert (found["versions"], found["content_changes"], found["changed_fields"]) == (1, 0, [])


def test_other_bytes_with_the_same_content_are_no_change():
    before, after = version(day(0)), {**version(day(1)), "payload_hash": "f" * 64}
    found = only(changes_of(day(1), [after], earlier_records=[before]))
    assert (found["kind"], found["changed_fields"], found["text_similarity"]) == ("unchanged", [], 1)


def test_a_changed_record_names_its_fields_and_how_alike_the_texts_are():
    before = version(day(0), title="Old", text="one two three four", brand="Acme")
    after = version(day(1), title="New", text="one two three five", gtin="12345670")
    found = only(changes_of(day(1), [after], earlier_records=[before]))
    assert found["kind"] == "changed"
    assert sorted(found["changed_fields"]) == ["brand", "gtin", "text", "title"]
    assert found["text_similarity"] == pytest.approx(1 / 3)


def test_fields_without_a_column_are_named_one_by_one():
    before = version(day(0), extra=json.dumps({"colour": "red", "size": 1, "old": None}))
    after = version(day(1), extra=json.dumps({"colour": "blue", "size": 1, "new": 2}))
    found = only(changes_of(day(1), [after], earlier_records=[before]))
    assert found["changed_fields"] == ["extra.colour", "extra.new", "extra.old"]


def test_lists_and_prices_are_compared_by_value():
    same = {"breadcrumbs": ["Home", "Garden"], "price": Decimal("9.50"), "currency": "EUR"}
    before = version(day(0), title="Old", **same)
    after = version(day(1), title="New", **{**same, "breadcrumbs": ["Home"]})
    found = only(changes_of(day(1), [after], earlier_records=[before]))
    assert found["changed_fields"] == ["breadcrumbs", "title"]


def test_the_newest_earlier_version_counts_however_old():
    earlier = [version(day(0), title="A"), version(day(3), title="B"), version(day(1), title="C")]
    found = only(changes_of(day(90), [version(day(90), title="B")], earlier_records=earlier))
    assert (found["kind"], found["previous_date"]) == ("unchanged", day(3).date)
    assert (found["first_date"], found["versions"], found["content_changes"]) == (day(0).date, 4, 2)


@pytest.mark.parametrize(
    ("before", "after", "previous", "change"),
    [
        (("9.50", "EUR"), ("8.25", "EUR"), Decimal("9.5"), Decimal("-1.25")),
        (("9.50", "EUR"), ("9.50", "EUR"), Decimal("9.5"), Decimal(0)),
        (("9.50", "EUR"), ("8.25", "USD"), None, None),
        (None, ("8.25", "EUR"), None, None),
        (("9.50", "EUR"), None, None, None),
    ],
)
def test_prices_are_compared_in_one_currency(before, after, previous, change):
    def priced(price):
        return {"price": Decimal(price[0]), "currency": price[1]} if price else {}

    found = only(
        changes_of(
            day(1), [version(day(1), **priced(after))], earlier_records=[version(day(0), **priced(before))]
        )
    )
    assert (found["previous_price"], found["price_change"]) == (previous, change)


def test_a_change_through_another_extractor_is_marked():
    before = {**version(day(0), title="A"), "extractor": "v0"}
    assert only(changes_of(day(1), [version(day(1), title="B")], earlier_records=[before]))[
        "extractor_changed"
    ]


def test_a_record_is_gone_with_its_page_and_told_so_once():
    record, page = version(day(0)), gone_page(day(1))
    found = only(changes_of(day(1), [], [page], earlier_records=[record]))
    assert (found["kind"], found["content_hash"], found["previous_date"]) == ("gone", None, day(0).date)
    again = changes_of(day(2), [], [gone_page(day(2))], earlier_records=[record], earlier_pages=[page])
    assert again.is_empty()


def test_a_record_that_came_back_can_be_gone_again():
    records = [version(day(0)), version(day(2))]
    rows = changes_of(
        day(3), [], [gone_page(day(3))], earlier_records=records, earlier_pages=[gone_page(day(1))]
    )
    assert rows["kind"].to_list() == ["gone"]


def test_a_record_that_moved_to_another_page_is_not_gone():
    moved = {**version(day(1)), "url": "https://shop.example.com/moved"}
    rows = changes_of(day(1), [moved], [gone_page(day(1))], earlier_records=[version(day(0))])
    assert rows["kind"].to_list() == ["unchanged"]
    later = changes_of(day(2), [], [gone_page(day(2))], earlier_records=[version(day(0)), moved])
    assert later.is_empty()


def test_many_changed_records_are_compared_some_at_a_time(monkeypatch):
    before = [version(day(n % 3), n, title=f"A{n}") for n in range(25)]
    after = [version(day(3), n, title=f"B{n}") for n in range(25)]
    at_once = changes_of(day(3), after, earlier_records=before)
    monkeypatch.setattr(detect, "ROWS_COMPARED_AT_ONCE", 4)
    assert changes_of(day(3), after, earlier_records=before).equals(at_once)
    assert at_once["changed_fields"].to_list() == [["title"]] * 25


def test_no_records_give_no_changes_in_the_tables_form():
    assert changes_of(day(0), []).schema == frame("changes").schema
