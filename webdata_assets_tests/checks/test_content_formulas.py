"""Formulas of what texts say: copies, languages, quality, personal data, prompt injection."""

import pytest

from webdata_assets.checks.limits import Limit
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.checks.past import remember
from webdata_assets_tests.store.rows import frame, put, row

CHECKS = ("near_duplicates", "languages", "quality", "pii", "injection")


def put_records(store, *rows, left_out=()):
    aside = [
        row("quarantine", number=100 + number, rule=rule, value=value, disposition="filtered")
        for number, (rule, value) in enumerate(left_out)
    ]
    put(store, "quarantine", frame("quarantine", *aside))
    put(store, "records", frame("records", *rows))


def plain(count, start=0, **values):
    return [row("records", number=number, **values) for number in range(start, start + count)]


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_extracted_is_nothing_compared(store, check):
    put_records(store)
    assert numbers(judge(store, "records", check)) == (True, None, None)


@pytest.mark.parametrize(
    ("check", "values", "limit"),
    [
        ("near_duplicates", {"duplicate_of": "0" * 32, "similarity": 1.0}, 0.2),
        ("pii", {"pii": '{"email":2}'}, 0.1),
        ("injection", {"injection_flags": ["ignore_instructions"]}, 0.01),
    ],
)
def test_the_share_of_flagged_records_is_compared(store, check, values, limit):
    put_records(store, *plain(9, pii="{}", injection_flags=[]), *plain(1, start=9, **values))
    finding = judge(store, "records", check)
    assert numbers(finding) == (limit >= 0.1, 0.1, limit)
    assert limits(store, "records", check)[0].origin == finding.origin == "default"


@pytest.mark.parametrize(
    ("check", "rule", "key"),
    [
        ("near_duplicates", "duplicate", "near_duplicates"),
        ("pii", "pii", "pii"),
        ("injection", "injection", "injection"),
        ("quality", "quality:gopher:word_count", "low_quality"),
    ],
)
def test_records_that_clean_left_out_by_the_rule_count_and_others_lie_below(store, check, rule, key):
    put_records(store, *plain(2), left_out=[(rule, None), ("missing:price", None), ("language", "de")])
    finding = judge(store, "records", check, declared=source({key: 0.2}))
    assert numbers(finding) == (False, 0.25, 0.2)
    assert finding.metrics["left_out"] == 1
    assert finding.detail.startswith("1 of 4 records, 1 of them left out")


@pytest.mark.parametrize(
    ("check", "section"),
    [
        ("near_duplicates", {"duplicates": {"action": "keep"}}),
        ("quality", {"quality": {"action": "keep"}}),
        ("pii", {"pii": "keep"}),
        ("injection", {"injection": "keep"}),
    ],
)
def test_what_the_source_does_not_look_for_is_not_compared(store, check, section):
    put_records(store, *plain(3))
    declared = source(clean=section)
    assert judge(store, "records", check, declared=declared).threshold is None
    assert [limit.value for limit in limits(store, "records", check, declared=declared)] == [None]


def test_near_duplicates_name_the_records_that_are_copied(store):
    first, second = f"{0:032x}", f"{1:032x}"
    copies = [*plain(3, start=2, duplicate_of=first), *plain(1, start=5, duplicate_of=second)]
    put_records(store, *plain(2), *copies)
    finding = judge(store, "records", "near_duplicates")
    assert numbers(finding) == (False, pytest.approx(4 / 6), 0.2)
    assert finding.metrics == {"clusters": 2, "left_out": 0}
    assert finding.detail == f"4 of 6 records: 3 copies of {first}, 1 copies of {second}"


def test_personal_data_are_told_by_kind_and_never_by_value(store):
    put_records(store, *plain(1, pii='{"email":2,"phone":1}'), *plain(1, start=1, pii='{"email":1}'))
    finding = judge(store, "records", "pii")
    assert finding.metrics == {"pii_email": 2, "pii_phone": 1, "left_out": 0}
    assert finding.detail == "2 of 2 records: email (2), phone (1)"


def told(language, confidence=0.9):
    return {"detected_language": language, "language_confidence": confidence}


def test_languages_other_than_those_kept_are_counted_though_they_are_left_out(store):
    put_records(store, *plain(3, **told("en")), *plain(1, start=3), left_out=[("language", "de")])
    declared = source(clean={"languages": {"keep": ["en"]}})
    finding = judge(store, "records", "languages", declared=declared)
    assert numbers(finding) == (False, 0.25, 0.1)
    assert finding.metrics == {"language_de": 0.25, "language_en": 0.75}
    assert finding.detail == "1 of 4 texts are in de (1)"


def test_without_a_past_no_language_is_unusual(store):
    put_records(store, *plain(3, **told("en")), *plain(1, start=3, **told("de")))
    finding = judge(store, "records", "languages")
    assert numbers(finding) == (True, None, None)
    assert finding.metrics == {"language_de": 0.25, "language_en": 0.75}
    assert [limit.value for limit in limits(store, "records", "languages")] == [None]


def test_languages_that_were_frequent_are_usual_and_others_are_not(store):
    shares = {"language_en": 0.6, "language_fr": 0.38, "language_de": 0.02}
    remember(store, "records", "languages", [0.0] * 5, metrics=[shares] * 5)
    rows = [*plain(3, **told("en")), *plain(1, start=3, **told("fr")), *plain(1, start=4, **told("de"))]
    put_records(store, *rows, *plain(4, start=5, **told("la", 0.2)))
    finding = judge(store, "records", "languages")
    assert numbers(finding) == (False, 0.2, 0.1)
    assert finding.detail == "1 of 5 texts are in de (1)"


def test_quality_may_fall_ten_points_below_its_history(store):
    remember(store, "records", "quality", [0.2] * 5)
    flagged = plain(3, quality_flags=["c4:terminal_punctuation", "gopher:word_count"])
    put_records(store, *flagged, *plain(7, start=3, quality_flags=[]))
    finding = judge(store, "records", "quality")
    assert numbers(finding) == (True, 0.3, pytest.approx(0.3))
    assert finding.metrics == {
        "quality_c4:terminal_punctuation": 0.3, "quality_gopher:word_count": 0.3, "left_out": 0,
    }  # fmt: skip
    assert limits(store, "records", "quality") == [
        Limit(pytest.approx(0.3), "history", "expect.low_quality", points=4)
    ]
    put_records(store, *flagged, *plain(6, start=3, quality_flags=[]))
    finding = judge(store, "records", "quality")
    assert not finding.passed
    assert finding.detail == "3 of 9 records: c4:terminal_punctuation (3), gopher:word_count (3)"


def test_quality_without_a_past_is_told_and_compared_with_nothing(store):
    put_records(store, *plain(1, quality_flags=["c4:terminal_punctuation"]))
    assert numbers(judge(store, "records", "quality")) == (True, 1, None)


def test_quality_is_compared_with_the_limit_of_the_source_where_there_is_one(store):
    remember(store, "records", "quality", [0.2] * 5)
    put_records(store, *plain(1, quality_flags=["c4:terminal_punctuation"]), *plain(1, start=1))
    finding = judge(store, "records", "quality", declared=source({"low_quality": 0.4}))
    assert numbers(finding) == (False, 0.5, 0.4)
    assert finding.origin == "source file"
