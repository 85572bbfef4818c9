"""Policies of fields, from the page to the rows of records and quarantine."""

import json

from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import Cleaned, clean
from webdata_assets.stages.clean.columns import to_column
from webdata_assets.stages.extract.extractor import extract_page
from webdata_assets.stages.extract.workers.wire import pack_extraction, unpack_extraction
from webdata_assets_tests.extract.making import DATE, make_payload, make_source

PAGE = """<ul>
<li><b>Lamp</b><i>5</i></li>
<li><b>Bulb</b><i>call us</i></li>
<li><i>7</i></li>
<li><b>Wire</b></li>
</ul>"""


def source_of(**policies: dict[str, object]) -> Source:
    fields = {
        "title": {"css": "b", **policies.get("title", {})},
        "cost": {"type": "decimal", "css": "i", **policies.get("cost", {})},
    }
    extract = {"kind": "item", "items": "li", "key": ["url", "title"], "fields": fields}
    return make_source(extract)


def cleaned(source: Source) -> Cleaned:
    return clean(source, DATE, extract_page(source, make_payload(PAGE)))


def quarantined(result: Cleaned) -> list[tuple[int, str, str, str | None]]:
    return result.quarantine.select("ordinal", "disposition", "rule", "value").sort("ordinal", "rule").rows()


def test_by_default_missing_values_are_kept_and_ill_typed_ones_refused() -> None:
    result = cleaned(source_of())
    assert result.records.sort("ordinal")["title"].to_list() == ["Lamp", "Wire"]
    assert quarantined(result) == [(1, "refused", "type", "call us"), (2, "refused", "required", None)]


def test_a_record_that_is_left_out_has_one_reason_and_every_record_is_counted_once() -> None:
    result = cleaned(
        source_of(title={"on_missing": "drop"}, cost={"on_invalid": "drop", "on_missing": "require"})
    )
    assert result.records["title"].to_list() == ["Lamp"]
    assert quarantined(result) == [
        (1, "filtered", "invalid:cost", "call us"),
        (2, "filtered", "missing:title", None),
        (3, "refused", "required", None),
    ]
    places = result.quarantine.select("url", "ordinal").n_unique()
    assert result.extracted == result.records.height + places == 4


def test_what_is_left_out_is_not_refused_as_well() -> None:
    dropped = source_of(title={"on_missing": "drop"}, cost={"type": "integer", "regex": "no number"})
    assert (2, "filtered", "missing:title", None) in quarantined(cleaned(dropped))
    assert [row[0] for row in quarantined(cleaned(dropped))].count(2) == 1


def test_defaults_are_values_like_any_other() -> None:
    result = cleaned(source_of(title={"default": "nameless"}, cost={"default": 1, "on_invalid": "missing"}))
    costs = [json.loads(extra)["cost"] for extra in result.records.sort("ordinal")["extra"]]
    assert costs == [5, 1, 7, 1]
    assert result.quarantine.is_empty()


def test_what_was_found_and_what_is_left_out_survive_the_way_from_a_worker_process() -> None:
    source = source_of(title={"on_missing": "drop"})
    payload = make_payload(PAGE)
    extraction = extract_page(source, payload)
    packed = json.loads(json.dumps(pack_extraction(extraction)))
    assert unpack_extraction(packed, payload) == extraction


def test_texts_within_objects_are_cleaned() -> None:
    given_value = {"a": " x\u200b ", "b": [{"c": "\u200b"}, {"d": " y"}], "e": "", "f": 0}
    assert to_column("own", given_value) == {"a": "x", "b": [{"d": "y"}], "f": 0}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
def test_cleaning_an_object_twice_is_cleaning_it_once(value: object) -> None:
    once = to_column("own", value)
    assert to_column("own", once) == once
