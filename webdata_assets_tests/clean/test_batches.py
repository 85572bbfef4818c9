"""Cleaning by batches: filters, duplicates and keys across batches, whatever the batches are."""

import datetime as dt
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.schemas.records import Quarantine, Records
from webdata_assets.sources.clean import Clean
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import Cleaned, clean_batches
from webdata_assets.stages.extract.extraction import Candidate, Extraction, PageFailure
from webdata_assets_tests.extract.making import DATE, URL, make_source

HASH = "a" * 64
LAMP = (
    "This lamp shines in the garden when it is dark, and it costs very little money. It was made by people "
    "who like lamps, and it will be sent to you in a box with a cable, a plug and a small book about lamps."
)
GERMAN = "Diese Lampe leuchtet im Garten, wenn es dunkel ist, und sie kostet nur sehr wenig Geld."


def shop(**policy: object) -> Source:
    source = make_source({"kind": "product", "key": ["sku"], "fields": {"sku": ".sku"}}, required=["title"])
    quiet: dict[str, object] = {"quality": {"action": "keep"}, "duplicates": {"action": "keep"}}
    return source.model_copy(update={"clean": Clean.model_validate({**quiet, **policy})})


def candidate(number: int, **values: object) -> Candidate:
    named = {"title": f"Lamp {number}", "sku": str(number), **values}
    return Candidate(f"{URL}/{number}", 0, named, HASH, DATE)


def cleaned(source: Source, *batches: list[Candidate]) -> Cleaned:
    result = clean_batches(source, DATE, [Extraction(tuple(batch)) for batch in batches])
    Records.validate(result.records)
    Quarantine.validate(result.quarantine)
    return result


def rules(result: Cleaned) -> list[tuple[str, str, str]]:
    columns = result.quarantine.select("url", "disposition", "rule").sort("url", "rule")
    return [(url.rpartition("/")[2], *rest) for url, *rest in columns.iter_rows()]


def test_a_record_in_another_language_is_filtered_and_says_which() -> None:
    policy = {"languages": {"keep": ["en"]}}
    result = cleaned(shop(**policy), [candidate(1, text=LAMP), candidate(2, text=GERMAN), candidate(3)])
    assert sorted(result.records["title"]) == ["Lamp 1", "Lamp 3"]
    (row,) = result.quarantine.to_dicts()
    assert (row["disposition"], row["rule"], row["field"], row["value"]) == (
        "filtered", "language", "text", "de",
    )  # fmt: skip
    assert json.loads(row["record"]) == {
        "sku": "2", "text": GERMAN, "title": "Lamp 2", "url": f"{URL}/2",
    }  # fmt: skip
    assert result.extracted == 3


def test_a_record_that_is_not_valid_is_refused_and_not_filtered() -> None:
    result = cleaned(shop(languages={"keep": ["en"]}), [candidate(2, text=GERMAN, title=None)])
    assert rules(result) == [("2", "refused", "required")]


def test_a_filtered_record_does_not_take_the_key_of_a_good_one() -> None:
    german, english = candidate(1, text=GERMAN, sku="S"), candidate(2, text=LAMP, sku="S")
    result = cleaned(shop(languages={"keep": ["en"]}), [german], [english])
    assert result.records["title"].to_list() == ["Lamp 2"]


def test_the_same_key_in_another_batch_is_refused_with_the_record_as_it_was() -> None:
    extra = {"grade": 4.5, "seen": dt.datetime(2026, 5, 1, tzinfo=dt.UTC), "tags": ["x"]}
    first, second = candidate(1, sku="S"), candidate(2, sku="S", **extra)
    result = cleaned(shop(), [second], [first])
    assert result.records["title"].to_list() == ["Lamp 1"]
    (row,) = result.quarantine.to_dicts()
    assert (row["rule"], row["field"], row["value"]) == ("duplicate_key", "sku", '["S"]')
    assert row["reason"].startswith(f"same sku as item 0 of {URL}/1")
    assert json.loads(row["record"]) == {
        "sku": "S", "title": "Lamp 2", "url": f"{URL}/2",
        "grade": 4.5, "seen": "2026-05-01T00:00:00Z", "tags": ["x"],
    }  # fmt: skip


def test_a_nearly_equal_text_in_another_batch_points_to_the_first_record() -> None:
    other = LAMP.replace("a small book", "one small book")
    source = shop(duplicates={"action": "flag", "similarity": 0.7})
    result = cleaned(source, [candidate(2, text=other)], [candidate(1, text=LAMP), candidate(3, text=GERMAN)])
    by_title = {row["title"]: row for row in result.records.to_dicts()}
    assert by_title["Lamp 2"]["duplicate_of"] == by_title["Lamp 1"]["record_id"]
    assert 0.7 <= by_title["Lamp 2"]["similarity"] < 1
    assert by_title["Lamp 1"]["duplicate_of"] is None
    assert by_title["Lamp 3"]["duplicate_of"] is None


def test_duplicates_can_be_dropped_and_name_the_record_that_stays() -> None:
    source = shop(duplicates={"action": "drop"})
    result = cleaned(source, [candidate(1, text=LAMP)], [candidate(2, text=LAMP.upper())])
    (kept,) = result.records.to_dicts()
    (row,) = result.quarantine.to_dicts()
    assert (row["disposition"], row["rule"], row["value"]) == ("filtered", "duplicate", kept["record_id"])
    assert result.extracted == 2


def test_paragraphs_that_most_records_repeat_are_removed_before_anything_is_said_of_the_text() -> None:
    texts = [f"Lamp number {number} is new.\n\nAll rights are ours." for number in range(4)]
    batches = [[candidate(number, text=text)] for number, text in enumerate(texts)]
    kept, removed = (cleaned(shop(repeated_paragraphs=way), *batches) for way in ("keep", "remove"))
    assert sorted(removed.records["text"]) == [f"Lamp number {number} is new." for number in range(4)]
    assert removed.records["tokens"].sum() < kept.records["tokens"].sum()
    bare = cleaned(shop(), *([candidate(n, text=f"Lamp number {n} is new.")] for n in range(4)))
    assert removed.records["content_hash"].to_list() == bare.records["content_hash"].to_list()


def test_the_hash_of_redacted_content_is_that_of_what_is_stored() -> None:
    mail = "Write to jane.doe@example.com about the lamp, and she will answer within a day or two."
    source = shop(pii="redact")
    (record,) = cleaned(source, [candidate(1, text=mail)]).records.to_dicts()
    assert "jane.doe" not in record["text"]
    (plain,) = cleaned(shop(), [candidate(1, text=record["text"])]).records.to_dicts()
    assert record["content_hash"] == plain["content_hash"]


def test_redaction_leaves_nothing_in_records_nor_in_quarantine() -> None:
    mail = "jane.doe@example.com"
    texts = dict.fromkeys(("title", "text", "description", "author", "brand", "category"), f"Ask {mail}.")
    said = {**texts, "breadcrumbs": ["Home", mail], "people": [{"mail": mail}]}
    failure = PageFailure(f"{URL}/4", f"f raised ValueError: {mail}", HASH, DATE)
    batch = Extraction(
        (
            candidate(1, **said),
            candidate(2, **said, price=f"ask {mail}", currency="EUR"),
            candidate(3, **said, availability=f"{'x' * 490} {mail}"),
        ),
        (failure,),
    )
    result = clean_batches(shop(pii="redact"), DATE, [batch])
    assert (result.records.height, result.quarantine["url"].n_unique()) == (1, 3)
    assert "jane" not in result.records.write_json() + result.quarantine.write_json()
    assert result.records["pii"].to_list() == ['{"email":1}']


def test_failed_pages_and_selector_hits_of_all_batches_are_kept() -> None:
    batches = [
        Extraction(
            failures=(PageFailure(f"{URL}/{number}", "empty body", HASH, DATE),),
            selector_hits={"title": {"css:h1": number}},
        )
        for number in (1, 2)
    ]
    result = clean_batches(shop(), DATE, batches)
    assert result.quarantine["rule"].to_list() == ["extract", "extract"]
    assert (result.extracted, result.selector_hits) == (0, {"title": {"css:h1": 3}})


def test_two_candidates_in_one_place_are_a_bug_across_batches_too() -> None:
    with pytest.raises(ValueError, match="same url and ordinal"):
        cleaned(shop(), [candidate(1)], [candidate(1)])


ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from([None, LAMP, GERMAN, LAMP.replace("garden", "house"), "x"]),
        st.sampled_from(["A", "B", None]),
        st.sampled_from([None, "Lamp"]),
    ),
    max_size=10,
    unique_by=lambda entry: entry[:2],
)


@settings(max_examples=10, deadline=None)
@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_result_depends_on_the_candidates_alone(
    entries: list[tuple[int, int, str | None, str | None, str | None]], shuffler: random.Random
) -> None:
    source = shop(languages={"keep": ["en"]}, duplicates={"action": "flag", "similarity": 0.7}, pii="redact")
    candidates = [
        Candidate(f"{URL}/{page}", n, {"title": title, "text": text, "sku": sku}, HASH, DATE)
        for page, n, text, sku, title in entries
    ]
    whole = cleaned(source, candidates)
    put_aside = set(whole.quarantine.select("url", "ordinal").iter_rows())
    kept = set(whole.records.select("url", "ordinal").iter_rows())
    assert not kept & put_aside
    assert kept | put_aside == {(each.url, each.ordinal) for each in candidates}
    shuffler.shuffle(candidates)
    cuts = sorted(shuffler.choices(range(len(candidates) + 1), k=3))
    batches = [candidates[start:end] for start, end in zip([0, *cuts], [*cuts, len(candidates)], strict=True)]
    again = cleaned(source, *batches)
    assert again.records.equals(whole.records)
    assert again.quarantine.equals(whole.quarantine)
