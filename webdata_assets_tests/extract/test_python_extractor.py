import datetime as dt
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.extract.extraction import NO_HIT, Extraction
from webdata_assets.stages.extract.extractor import extract_page, extractor_version
from webdata_assets.stages.extract.python_extractor import MAX_RECORDS, load_function
from webdata_assets_tests.extract.making import DATE, URL, make_json_payload, make_payload, make_source

MODULE = "shop_by_hand"
PAGE = "<!doctype html><html><title>A lamp</title><h1>A lamp</h1><p class=price>9,50 €</p>"

Writer = Callable[[str], None]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """Write the user's module."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text: str) -> None:
        (tmp_path / f"{MODULE}.py").write_text(text)
        sys.modules.pop(MODULE, None)

    yield write
    sys.modules.pop(MODULE, None)


def source_of(fields: dict[str, object] | None = None, **extract: object) -> Source:
    return make_source({"kind": "item", "python": f"{MODULE}:read", "fields": fields or {}, **extract})


def read(returned: str, module: Writer, fields: dict[str, object] | None = None) -> Extraction:
    module(f"import datetime, decimal\ndef read(document, payload):\n    return {returned}\n")
    return extract_page(source_of(fields), make_payload(PAGE))


def reason(returned: str, module: Writer) -> str:
    extraction = read(returned, module)
    assert extraction.candidates == ()
    (failure,) = extraction.failures
    assert failure.url == URL
    return failure.reason


def test_a_dict_is_the_record_of_the_page(module: Writer) -> None:
    extraction = read("{'name': document.tree.css_first('h1').text(), 'at': payload.url}", module)
    (candidate,) = extraction.candidates
    assert candidate.values == {"name": "A lamp", "at": URL}
    assert extraction.selector_hits["name"] == extraction.selector_hits["at"] == {"python": 1}


@pytest.mark.parametrize(
    "form", ["[{'n': 1}, {'n': 2}]", "({'n': n} for n in (1, 2))", "({'n': 1}, {'n': 2})"]
)
def test_an_iterable_of_dicts_gives_the_records_of_a_listing(form: str, module: Writer) -> None:
    extraction = read(form, module)
    assert [(entry.ordinal, entry.values) for entry in extraction.candidates] == [
        (0, {"n": 1}),
        (1, {"n": 2}),
    ]


def test_json_pages_are_given_as_data(module: Writer) -> None:
    module("def read(document, payload):\n    return document.data['all']\n")
    extraction = extract_page(source_of(), make_json_payload({"all": [{"n": 1}]}))
    assert extraction.candidates[0].values == {"n": 1}


def test_declared_fields_are_typed_and_have_policies(module: Writer) -> None:
    fields = {
        "price": {"type": "decimal"},
        "seen": {"type": "date"},
        "link": {"type": "url"},
        "size": {"type": "text", "default": "one"},
        "code": {"type": "text", "on_missing": "drop"},
        "parts": {"type": "list", "fields": {"n": {"type": "integer"}}},
    }
    given = "{'price': '9,50 €', 'seen': datetime.date(2026, 6, 1), 'link': '/x', 'parts': [{'n': '4'}]}"
    (candidate,) = read(given, module, fields).candidates
    assert candidate.values == {
        "price": Decimal("9.50"),
        "currency": "EUR",
        "seen": dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
        "link": "http://shop.test/x",
        "size": "one",
        "parts": [{"n": 4}],
    }
    assert candidate.dropped is not None
    assert candidate.dropped.rule == "missing:code"


def test_an_ill_typed_value_refuses_the_record(module: Writer) -> None:
    (candidate,) = read("{'price': 'call us'}", module).candidates
    assert [error.message for error in candidate.errors] == ["price: not a number"]


def test_fields_with_a_column_are_of_its_type_and_others_stay_as_they_are(module: Writer) -> None:
    given = (
        "{'rating': '4.5', 'title': ' A  b ', 'text': 'a\\n\\nb', 'own': {'n': [1, None, 2.5]}, 'none': None}"
    )
    extraction = read(given, module)
    assert extraction.candidates[0].values == {
        "rating": Decimal("4.5"),
        "title": "A b",
        "text": "a\n\nb",
        "own": {"n": [1, None, 2.5]},
    }
    assert extraction.selector_hits["none"] == {NO_HIT: 1}


def test_a_rule_may_take_more_from_the_page_and_from_what_was_given(module: Writer) -> None:
    fields = {
        "heading": "h1",
        "price": {"css": ".price"},
        "first": {"type": "integer", "jmespath": "all[0].n"},
        "sum": {"type": "integer"},
    }
    (candidate,) = read("{'all': [{'n': 4}], 'sum': 4}", module, fields).candidates
    assert candidate.values["heading"] == "A lamp"
    assert candidate.values["price"] == Decimal("9.50")
    assert (candidate.values["first"], candidate.values["sum"]) == (4, 4)


def test_an_article_has_what_the_function_did_not_give(module: Writer) -> None:
    module("def read(document, payload):\n    return {'author': 'Me'}\n")
    source = source_of(kind="article")
    page = PAGE.replace("<html>", "<html lang=en>")
    values = extract_page(source, make_payload(page)).candidates[0].values
    assert (values["author"], values["title"], values["language"]) == ("Me", "A lamp", "en")
    module("def read(document, payload):\n    return [{'author': 'Me'}]\n")
    assert "title" not in extract_page(source, make_payload(PAGE)).candidates[0].values


def test_a_bug_of_the_function_quarantines_the_page_with_exception_and_place(module: Writer) -> None:
    module(
        "def read(document, payload):\n    return inner(document)\n\n"
        "def inner(document):\n    return {}['price']\n"
    )
    extraction = extract_page(source_of(), make_payload(PAGE))
    (failure,) = extraction.failures
    assert failure.reason == (
        "extract.python shop_by_hand:read raised KeyError: 'price' "
        "(shop_by_hand.py:2 in read → shop_by_hand.py:5 in inner)"
    )
    quarantine = clean(source_of(), DATE, extraction).quarantine
    assert quarantine.select("rule", "ordinal", "disposition").rows() == [("extract", -1, "refused")]


def test_a_bug_of_a_generator_is_seen_too(module: Writer) -> None:
    module("def read(document, payload):\n    yield {'n': 1}\n    raise ValueError\n")
    (failure,) = extract_page(source_of(), make_payload(PAGE)).failures
    assert failure.reason.endswith("raised ValueError (shop_by_hand.py:3 in read)")


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("None", "gave None: return a dict, or an iterable of dicts"),
        ("'text'", "gave a str: return a dict"),
        ("3", "gave a int: return a dict"),
        ("[]", "gave no record: let `extract.pages` match"),
        ("[{'n': 1}, 2]", "gave a int among its records"),
        ("{'Full Name': 1}", "gave 'Full Name', which is no field name"),
        ("{3: 1}", "gave 3, which is no field name"),
        ("{'n': object()}", "gave a object as `n`"),
        ("{'n': [{'m': {1, 2}}]}", "gave a set as `n`"),
        ("{'n': {1: 2}}", "gave a dict as `n`"),
        ("{'n': 2**64}", "gave a int as `n`"),
        ("{'n': b'x'}", "gave a bytes as `n`"),
    ],
)
def test_what_no_record_can_hold_quarantines_the_page(returned: str, told: str, module: Writer) -> None:
    assert told in reason(returned, module)


def test_records_without_end_quarantine_the_page(module: Writer) -> None:
    module(
        "import itertools\ndef read(document, payload):\n    return ({'n': n} for n in itertools.count())\n"
    )
    (failure,) = extract_page(source_of(), make_payload(PAGE)).failures
    assert f"gave more than {MAX_RECORDS:,} records" in failure.reason


def test_running_out_of_memory_is_no_fault_of_the_page(module: Writer) -> None:
    module("def read(document, payload):\n    raise MemoryError\n")
    with pytest.raises(MemoryError):
        extract_page(source_of(), make_payload(PAGE))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_module_anywhere\n", "cannot be imported: ModuleNotFoundError: No module named"),
        ("def read(document payload):\n    pass\n", "cannot be imported: SyntaxError"),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero"),
        ("def other(document, payload):\n    pass\n", "shop_by_hand has no function 'read'"),
        ("read = 3\n", "shop_by_hand has no function 'read'"),
        ("def read(document):\n    pass\n", "must take two arguments, the document and the payload"),
    ],
)
def test_a_function_that_cannot_be_used_is_the_users_to_correct(text: str, told: str, module: Writer) -> None:
    module(text)
    with pytest.raises(PermanentError, match=r"python: shop_by_hand:read: ") as caught:
        load_function(f"{MODULE}:read")
    assert told in str(caught.value)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_page_tells_of_an_unusable_function_with_the_source(module: Writer) -> None:
    module("1 / 0\n")
    with pytest.raises(
        PermanentError, match=r"source 'shop', extract\.python: shop_by_hand:read: "
    ) as caught:
        extract_page(source_of(), make_payload(PAGE))
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_another_text_of_the_module_is_another_extractor(module: Writer) -> None:
    module("CODE_VERSION = '1'\ndef read(document, payload):\n    return {'n': 1}\n")
    source = source_of()
    first = extractor_version(source)
    assert extractor_version(source) == first
    module("CODE_VERSION = '2'\ndef read(document, payload):\n    return {'n': 1}\n")
    assert extractor_version(source) != first
