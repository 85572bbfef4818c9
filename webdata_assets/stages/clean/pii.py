"""Personal data in texts: found, counted by kind, replaced by their kind.

What belongs here: the forms in which such data are written, and the search. What does not: the check digits
and ranges that make a number of such a form a real one (pii_checks.py), and what a source does about it.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial

import polars as pl

from webdata_assets.stages.clean import pii_checks as checks
from webdata_assets.stages.clean.identity import canonical_json

NOTHING_FOUND = "{}"

_SEVEN_DIGITS = r"[0-9](?:[ ().\-/\xa0]{0,3}[0-9]){6}"
_PHONE_LABEL = (
    r"(?i:telephone|telefono|teléfono|téléphone|telefoon|telefon|tel|tél|phone|mobile|mobil|cell|fax|handy|"
    r"whatsapp|call us at|call us on|call us|call|☎|📞)[ :.()+\-]{0,4}"
)


@dataclass(frozen=True)
class Kind:
    """A kind of personal data.

    Attributes:
        name: as counted, and as written in the place of what was found: `[name]`.
        form: how it is written, in what `re` and Rust's regex crate have in common; a group `value` is the
            part that is personal.
        check: whether a string of this form is one indeed.
        hint: what every text with such data has, found many times faster than the form.
    """

    name: str
    form: str
    check: Callable[[str], bool]
    hint: str = _SEVEN_DIGITS

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the form for `re`, which must not begin or end within a word or a number."""
        return re.compile(rf"(?<![\w@])(?<![0-9][.,])(?:{self.form})(?![\w@])(?![.,][0-9])")


def _is_phone(text: str) -> bool:
    """ITU-T E.164: at most 15 digits; what ends in five zeros is a round number, `+10 000 000`."""
    digits = checks.digits_of(text)
    return 7 <= len(digits) <= 15 and not digits.endswith("00000") and len(set(digits)) > 2


def _iban_form() -> str:
    countries: dict[int, list[str]] = {}
    for country, length in checks.IBAN_LENGTHS.items():
        countries.setdefault(length, []).append(country)
    return "|".join(
        rf"(?:{'|'.join(names)})[0-9]{{2}}(?:[ -]?[0-9A-Z]){{{length - 4}}}"
        for length, names in sorted(countries.items())
    )


KINDS = (
    Kind(
        "email",
        r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24}",
        checks.is_email,
        hint="[A-Za-z0-9._%+'-]@[A-Za-z0-9]",
    ),
    Kind("iban", _iban_form(), checks.is_iban),
    Kind(
        "card",
        r"[0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{3})?|3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5}|4[0-9]{12}",
        checks.is_card,
    ),
    Kind("us_ssn", r"[0-9]{3}-[0-9]{2}-[0-9]{4}", checks.is_us_ssn),
    Kind(
        "uk_nino",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:[0-9]{2} ?){3}[A-D]",
        checks.is_uk_nino,
        hint=r"(?:[0-9]{2} ?){3}[A-D]",
    ),
    Kind(
        "fr_nir",
        r"[12][ .]?[0-9]{2}[ .]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ .]?(?:[0-9]{2}|2[AB])[ .]?[0-9]{3}[ .]?[0-9]{3}"
        r"[ .]?[0-9]{2}",
        checks.is_fr_nir,
    ),
    Kind("de_tax_id", r"[1-9][0-9](?: ?[0-9]{3}){3}", checks.is_de_tax_id),
    Kind("es_dni", r"(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?[A-HJ-NP-TV-Z]", checks.is_es_dni),
    Kind(
        "it_codice_fiscale",
        r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]",
        checks.is_it_codice_fiscale,
        hint="[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]",
    ),
    Kind("pl_pesel", r"[0-9]{11}", checks.is_pl_pesel),
    Kind(
        "se_personnummer",
        r"(?:19|20)?[0-9]{6}[-+][0-9]{4}",
        checks.is_se_personnummer,
        hint="[0-9]{6}[-+][0-9]{3}",
    ),
    Kind(
        "fi_hetu", r"[0-9]{6}[-+A][0-9]{3}[0-9A-FHJ-NPR-Y]", checks.is_fi_hetu, hint="[0-9]{6}[-+A][0-9]{3}"
    ),
    Kind("br_cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", checks.is_br_cpf),
    Kind("ch_ahv", r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", checks.is_ch_ahv),
    Kind("ip", r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", checks.is_public_address, hint=r"[0-9](?:\.[0-9]{1,3}){3}"),
    Kind(
        "ip",
        r"[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}",
        checks.is_public_address,
        hint=r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:",
    ),
    Kind("phone", r"\+[1-9](?:[ ().\-/\xa0]{0,3}[0-9]){7,14}", _is_phone),
    Kind(
        "phone", r"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.])[2-9][0-9]{2}[-.][0-9]{4}", _is_phone
    ),
    Kind("phone", r"0[1-9](?:[ .-][0-9]{2}){4}", _is_phone),
    Kind("phone", r"0(?:20 [0-9]{4}|[1378][0-9]{2} [0-9]{3}|[17][0-9]{3} [0-9]{3}) ?[0-9]{3,4}", _is_phone),
    Kind(
        "phone",
        rf"{_PHONE_LABEL}(?P<value>[(]?[0-9](?:[ ()./\-\xa0]{{0,3}}[0-9]){{6,14}})",
        _is_phone,
    ),
)
"""In the order of search: what is found is out of sight for the later ones, which ask for less."""


def search_personal_data(
    columns: pl.DataFrame, *, of_json: Collection[str] = ()
) -> tuple[pl.DataFrame, pl.Series]:
    """Search columns that say the same more than once, as a text and its structured text do.

    Args:
        columns: of texts, or of lists of texts.
        of_json: the columns whose texts are JSON objects, in which texts are searched and nothing else.

    Returns:
        The columns with each finding replaced by its kind, as `[email]`, and for each row a JSON object of
        kind → count with sorted keys, where a count is the greatest of the columns'; null for rows without
        any text. What was replaced is not found again.
    """
    counts: list[Counter[str]] = [Counter() for _ in range(columns.height)]
    redacted = []
    for column in columns.iter_columns():
        is_json = column.name in of_json
        values = None
        for row, kinds in _suspects(column if column.dtype == pl.String else column.list.join("\n")).items():
            values = column.to_list() if values is None else values
            within = json.loads(values[row], parse_float=Decimal) if is_json else values[row]
            within, found = _replaced_within(within, kinds)
            values[row] = canonical_json(within).decode() if is_json else within
            counts[row] |= found
        redacted.append(column if values is None else pl.Series(column.name, values, column.dtype))
    said = columns.with_columns(pl.col(name).replace("{}", None) for name in of_json)
    has_text = said.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    found_json = [
        canonical_json(dict(count)).decode() if present else None
        for count, present in zip(counts, has_text, strict=True)
    ]
    return pl.DataFrame(redacted), pl.Series("pii", found_json, dtype=pl.String)


def without_personal_data(text: str) -> str:
    """Return a text with its personal data replaced by their kinds, as `search_personal_data` does."""
    return _replaced(text, KINDS)[0]


def _suspects(column: pl.Series) -> dict[int, list[Kind]]:
    """Return the rows whose text has something of the form of a kind, and which, in the order of search."""
    hints = {kind.hint for kind in KINDS}
    text = pl.col("text")
    # one query for all hints: most texts have none
    hinted = column.to_frame("text").select(
        text.str.contains(hint).fill_null(value=False).alias(hint) for hint in hints
    )
    found: dict[int, list[Kind]] = {}
    for kind in KINDS:
        rows = hinted[kind.hint].arg_true()
        if rows.is_empty():
            continue
        for row in rows.filter(column.gather(rows).str.contains(kind.form)):
            found.setdefault(row, []).append(kind)
    return found


def _replaced_within(value: object, kinds: Sequence[Kind]) -> tuple[object, Counter[str]]:
    """Return a value with the personal data in its texts replaced, and how many of each kind there were."""
    if isinstance(value, str):
        return _replaced(value, kinds)
    if not isinstance(value, list | dict):
        return value, Counter()
    entries = value if isinstance(value, list) else value.values()
    searched = [_replaced_within(entry, kinds) for entry in entries]
    replaced = [entry for entry, _ in searched]
    total = sum((found for _, found in searched), Counter[str]())
    return (replaced if isinstance(value, list) else dict(zip(value, replaced, strict=True))), total


def _replaced(text: str, kinds: Sequence[Kind]) -> tuple[str, Counter[str]]:
    """Return a text with its personal data replaced, and how many of each kind there were."""
    found: Counter[str] = Counter()
    while True:
        before = found.total()
        for kind in kinds:
            text = kind.pattern.sub(partial(_replacement, kind=kind, found=found), text)
        # what was replaced may have been the neighbour that kept another from standing by itself
        if found.total() == before:
            return text, found


def _replacement(match: re.Match[str], kind: Kind, found: Counter[str]) -> str:
    group = "value" if match.groupdict().get("value") else 0
    value = match[group]
    if not kind.check(value):
        return match[0]
    found[kind.name] += 1
    start = match.start(group) - match.start()
    return f"{match[0][:start]}[{kind.name}]{match[0][start + len(value) :]}"
