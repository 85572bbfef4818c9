"""Whether a string of the right form is a real number of its kind: check digits, prefixes, ranges.

What belongs here: the checks, each with the norm that it follows. What does not: finding such strings in a
text (pii.py).
"""

import ipaddress
import re
from collections import Counter
from itertools import cycle

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Characters of an IBAN by country: SWIFT's IBAN registry."""

_CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d{2})\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|62\d{14,17}"  # UnionPay
)
_FILE_SUFFIXES = frozenset(
    {"avif", "css", "gif", "html", "ico", "jpeg", "jpg", "js", "pdf", "png", "svg", "webp"}
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_CODICE_FISCALE_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)
_NOT_DIGITS = re.compile(r"\D")


def digits_of(text: str) -> str:
    """Return the digits 0-9 of a text."""
    return _NOT_DIGITS.sub("", text)


def is_email(text: str) -> bool:
    """Whether it is no name of a file for a dense screen, such as `logo@2x.png`."""
    return text.rpartition(".")[2].lower() not in _FILE_SUFFIXES and ".." not in text


def is_public_address(text: str) -> bool:
    """Whether it is an IP address of the public internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast


def is_iban(text: str) -> bool:
    """ISO 13616: the country's length, and 1 modulo 97."""
    iban = re.sub(r"[ -]", "", text)
    if len(iban) != IBAN_LENGTHS.get(iban[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """ISO/IEC 7812: an issuer's prefix and length, and the Luhn check digit."""
    digits = digits_of(text)
    return bool(_CARD_ISSUERS.fullmatch(digits)) and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: every second digit doubled from the right, digit sums, 0 modulo 10."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (1 + place % 2), 10))
    return total % 10 == 0


def is_us_ssn(text: str) -> bool:
    """US Social Security number: area, group and serial that are in use."""
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def is_uk_nino(text: str) -> bool:
    """UK National Insurance number: a prefix that is in use."""
    return text[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def is_fr_nir(text: str) -> bool:
    """French NIR: 97 minus the number modulo 97; 2A and 2B of Corsica stand for 19 and 18."""
    compact = re.sub(r"[ .]", "", text).replace("2A", "19").replace("2B", "18")
    return 97 - int(compact[:13]) % 97 == int(compact[13:])


def is_de_tax_id(text: str) -> bool:
    """German Steuer-ID: one digit twice or thrice among the first ten, and ISO 7064 MOD 11,10."""
    digits = digits_of(text)
    counts = Counter(digits[:10])
    if sorted(counts.values())[-2:] not in ([1, 2], [1, 3]):
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[10])


def is_es_dni(text: str) -> bool:
    """Spanish DNI and NIE: the letter of the number modulo 23; X, Y and Z stand for 0, 1 and 2."""
    compact = re.sub(r"[ .-]", "", text)
    number = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == compact[-1]


def is_it_codice_fiscale(text: str) -> bool:
    """Italian codice fiscale: the letter of the sum modulo 26 (D.M. 23 December 1976)."""
    total = 0
    for place, character in enumerate(text[:15]):
        value = int(character) if character.isdigit() else ord(character) - ord("A")
        total += value if place % 2 else _CODICE_FISCALE_ODD[value]
    return chr(ord("A") + total % 26) == text[15]


def is_pl_pesel(text: str) -> bool:
    """Polish PESEL: a month of one of five centuries, a day, and weights 1, 3, 7, 9."""
    month, day = int(text[2:4]) % 20, int(text[4:6])
    weighted = sum(int(digit) * weight for digit, weight in zip(text[:10], cycle((1, 3, 7, 9)), strict=False))
    return 1 <= month <= 12 and 1 <= day <= 31 and (10 - weighted) % 10 == int(text[10])


def is_se_personnummer(text: str) -> bool:
    """Swedish personnummer: a month, a day, and the Luhn check digit of the last ten digits."""
    digits = digits_of(text)[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and passes_luhn(digits)


def is_fi_hetu(text: str) -> bool:
    """Finnish henkilötunnus: the sign of date and number modulo 31."""
    number = int(text[:6] + text[7:10])
    is_date = 1 <= int(text[:2]) <= 31 and 1 <= int(text[2:4]) <= 12
    return is_date and "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] == text[10]


def is_br_cpf(text: str) -> bool:
    """Brazilian CPF: two check digits modulo 11, and not one digit repeated."""
    digits = digits_of(text)
    for length in (9, 10):
        weighted = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if weighted * 10 % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


def is_ch_ahv(text: str) -> bool:
    """Swiss AHV number: the EAN-13 check digit."""
    digits = digits_of(text)
    weighted = sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(digits[:12]))
    return (10 - weighted) % 10 == int(digits[12])
