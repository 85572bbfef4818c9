"""What makes a record the same record, and its content the same content.

What belongs here: the two hashes of a record, and their canonical bytes. What does not: hashes of frames
(stages/hashing.py).
"""

from collections.abc import Mapping
from decimal import Decimal

import orjson
from blake3 import blake3

RECORD_ID_DIGITS = 32


def record_id(source: str, key: Mapping[str, object]) -> str:
    """Return the first 128 bits, in hexadecimal, of the BLAKE3 of the source's name and the key's values.

    Values are taken by field name, so that the order in which a source lists its key does not matter, and
    as a JSON array, so that no two keys can run into each other.
    """
    values = [[name, key[name]] for name in sorted(key)]
    return blake3(canonical_json([source, values])).hexdigest()[:RECORD_ID_DIGITS]


def content_hash(fields: Mapping[str, object]) -> str:
    """Return the BLAKE3 of a record's fields; missing fields do not count, nor does their order."""
    return blake3(
        canonical_json({name: value for name, value in fields.items() if value is not None})
    ).hexdigest()


def text_hash(text: str) -> str:
    """Return the BLAKE3 of a text."""
    return blake3(text.encode()).hexdigest()


def canonical_json(value: object) -> bytes:
    """Return JSON with sorted keys; decimals as numbers with their own digits, moments as ISO 8601.

    Decimals lose trailing zeros: 4.50 is 4.5.
    """
    return orjson.dumps(value, default=_encode, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def _encode(value: object) -> object:
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return orjson.Fragment((plain.rstrip("0").rstrip(".") if "." in plain else plain).encode())
    raise TypeError(f"{type(value).__name__} cannot be part of a record")
