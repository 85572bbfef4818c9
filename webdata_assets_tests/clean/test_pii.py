import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webdata_assets.stages.clean import pii_checks
from webdata_assets.stages.clean.pii import KINDS, search_personal_data

REAL = {
    "email": ["jane.doe@example.org", "o'neil+list@mail.example.co.uk"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "NO93 8601 1117 947"],
    "card": ["4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444"],
    "us_ssn": ["536-90-4399"],
    "uk_nino": ["AB 12 34 56 C"],
    "fr_nir": ["2 95 10 99 126 111 93"],
    "de_tax_id": ["36 574 261 809"],
    "es_dni": ["54362315K", "X-2482300W"],
    "it_codice_fiscale": ["RCCMNL83S18D969H"],
    "pl_pesel": ["44051401359"],
    "se_personnummer": ["880320-0016"],
    "fi_hetu": ["131052-308T"],
    "br_cpf": ["390.533.447-05"],
    "ch_ahv": ["756.9217.0769.85"],
    "ip": ["8.8.8.8", "2001:4860:4860::8888"],
    "phone": [
        "+49 (0)221 4710-123",
        "(212) 555-0147",
        "1-800-555-0199",
        "01 42 68 53 00",
        "020 7946 0958",
    ],
}
HARMLESS = [
    "Version 1.2.3 of 2024-01-15, 10:20:30, for 1,299.00 €",
    "logo@2x.png and @mention and a@b",
    "192.168.1.1, 127.0.0.1, 999.1.1.1, 1.2.3.4.5",
    "+10 000 000 downloads, +100%",
    "4111 1111 1111 1112 and 1234567812345678",
    "DE00 3704 0044 0532 0130 00",
    "000-12-3456, 666-12-3456",
    "ISBN 978-3-16-148410-0, 2019-2020, 12345678901234567890",
    "12345678901",
    "std::vector a::b 12:30:45",
    "pi is 3.14159265358979",
]


def search(*texts: str | None) -> tuple[list[str | None], list[dict[str, int] | None]]:
    redacted, found = search_personal_data(pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}))
    return redacted["text"].to_list(), [None if entry is None else json.loads(entry) for entry in found]


@pytest.mark.parametrize("kind", REAL)
def test_each_kind_is_found_counted_and_replaced(kind: str) -> None:
    for value in REAL[kind]:
        redacted, found = search(f"Before {value}, after.")
        assert (redacted, found) == ([f"Before [{kind}], after."], [{kind: 1}]), value


def test_every_kind_has_an_example() -> None:
    assert {kind.name for kind in KINDS} == set(REAL)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert search(text) == ([text], [{}])


def test_a_labelled_national_number_is_a_phone_and_keeps_its_label() -> None:
    redacted, found = search("Tel.: 0221 / 47 10 123, 0221 / 47 10 123 pieces")
    assert redacted == ["Tel.: [phone], 0221 / 47 10 123 pieces"]
    assert found == [{"phone": 1}]


def test_kinds_are_counted_in_alphabetical_order_and_nothing_is_an_empty_object() -> None:
    _, found = search_personal_data(
        pl.DataFrame({"text": ["8.8.8.8 a@b.example 8.8.4.4", "none", None]}, schema={"text": pl.String})
    )
    assert found.to_list() == ['{"email":1,"ip":2}', "{}", None]


def test_columns_that_repeat_each_other_count_once() -> None:
    frame = pl.DataFrame({"text": ["a@b.example c@d.example"], "structured_text": ["# a@b.example\n8.8.8.8"]})
    _, found = search_personal_data(frame)
    assert found.to_list() == ['{"email":2,"ip":1}']


def test_lists_and_json_are_searched_in_their_texts_alone() -> None:
    frame = pl.DataFrame(
        {
            "breadcrumbs": [["Home", "Ask a@b.example"], None],
            "extra": ['{"card":4111111111111111,"people":[{"mail":"a@b.example"},"c@d.example"]}', "{}"],
        }
    )
    redacted, found = search_personal_data(frame, of_json=("extra",))
    assert redacted.schema == frame.schema
    assert redacted["breadcrumbs"].to_list() == [["Home", "Ask [email]"], None]
    assert redacted["extra"].to_list() == [
        '{"card":4111111111111111,"people":[{"mail":"[email]"},"[email]"]}',
        "{}",
    ]
    assert found.to_list() == ['{"email":2}', None]


PIECES = st.one_of(
    st.sampled_from([value for values in REAL.values() for value in values]),
    st.sampled_from([" ", ",", "-", ".", "@", "+", "/", "(", "0", "1", "A", "é", "[email]", "Tel. ", "\n"]),
    st.text(alphabet="0123456789 -.:@ABCDEFabc", max_size=8),
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    (once,), _ = search(text)
    assert search(once) == ([once], [{}])


TWO_DIGITS = [f"{number:02d}" for number in range(100)]
ALPHANUMERIC = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CHECKS = {
    "is_iban": ("iban", r"(?:DE|LT|GE){}[0-9]{16}", TWO_DIGITS),
    "is_fr_nir": ("fr.nir", r"[12][0-9]{2}(?:0[1-9]|1[0-2])(?:[1-8][0-9]|2[AB])[0-9]{6}{}", TWO_DIGITS),
    "is_br_cpf": ("br.cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-{}", TWO_DIGITS),
    "is_de_tax_id": ("de.idnr", r"[1-9][0-9]{9}{}", ALPHANUMERIC[:10]),
    "is_es_dni": ("es.dni", r"[0-9]{8}{}", ALPHANUMERIC[10:]),
    "is_pl_pesel": (
        "pl.pesel", r"[0-9]{2}(?:0[1-9]|1[0-2])(?:[01][1-9]|2[0-8])[0-9]{4}{}", ALPHANUMERIC[:10]
    ),
    "is_fi_hetu": (
        "fi.hetu", r"(?:[01][1-9]|2[0-8])(?:0[1-9]|1[0-2])[0-9]{2}-[1-8][0-9]{2}{}", ALPHANUMERIC
    ),
    "is_ch_ahv": ("ch.ssn", r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{}", ALPHANUMERIC[:10]),
    "is_it_codice_fiscale": (
        "it.codicefiscale",
        r"[B-DF-HJ-NP-TV-Z]{6}[0-9]{2}[ABCDEHLMPRST](?:[01][1-9]|2[0-8])[A-Z][0-9]{3}{}",
        ALPHANUMERIC[10:],
    ),
}  # fmt: skip
"""Our check → the oracle's module, the form of numbers, and all that may stand for their check digits."""


@pytest.mark.parametrize("name", CHECKS)
def test_check_digits_are_those_of_stdnum(name: str) -> None:
    pytest.importorskip("stdnum", reason="python-stdnum is the oracle")
    from stdnum import get_cc_module, iban

    module, form, endings = CHECKS[name]
    oracle = iban if module == "iban" else get_cc_module(*module.split("."))
    options = {"check_country": False} if module == "iban" else {}
    check = getattr(pii_checks, name)

    @settings(max_examples=20, deadline=None)
    @given(st.from_regex(form.replace("{}", "#"), fullmatch=True))
    def agrees(number: str) -> None:
        values = [number.replace("#", ending) for ending in endings]
        ours = [value for value in values if check(value)]
        theirs = [value for value in values if oracle.is_valid(value, **options)]
        assert ours == theirs

    agrees()


@given(st.integers(min_value=0, max_value=10**15))
def test_exactly_one_last_digit_passes_luhn(number: int) -> None:
    assert sum(pii_checks.passes_luhn(f"{number}{last}") for last in range(10)) == 1
