"""Names of fields: what a class, a property or a key is called, in the words of the records table.

What belongs here: words → field names. What does not: which values a field has.
"""

import re
from collections.abc import Collection, Sequence

from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.sources.fields import FIELD_NAME_PATTERN, NATURAL_TYPES, ValueType

_MEANINGS: dict[str, tuple[str, ...]] = {
    "title": ("title", "headline", "heading", "name", "subject"),
    "author": ("author", "byline", "writer", "creator", "user", "username", "poster"),
    "published_at": ("published", "publish", "date", "datetime", "time", "created", "posted", "datepublished",
                     "pubdate", "timestamp"),
    "modified_at": ("modified", "updated", "datemodified"),
    "price": ("price", "amount", "cost"),
    "currency": ("currency", "pricecurrency"),
    "description": ("description", "desc", "summary", "excerpt", "teaser", "abstract", "blurb", "intro"),
    "text": ("text", "body", "content", "quote", "message", "comment", "articlebody", "reviewbody"),
    "availability": ("availability", "stock", "instock"),
    "rating": ("rating", "stars", "score", "ratingvalue"),
    "rating_count": ("reviewcount", "ratingcount", "reviews", "votes"),
    "sku": ("sku", "itemnumber", "partnumber"),
    "gtin": ("gtin", "ean", "upc", "isbn", "gtin13"),
    "brand": ("brand", "manufacturer"),
    "category": ("category", "section", "topic", "genre"),
    "image_url": ("image", "img", "thumbnail", "photo", "picture", "cover"),
    "tags": ("tags", "tag", "keywords", "labels"),
    "language": ("language", "lang"),
}  # fmt: skip
_TYPES: dict[str, tuple[ValueType, ...]] = {
    "price": ("decimal", "integer"),
    "rating": ("decimal", "integer"),
    "rating_count": ("integer",),
    "published_at": ("date",),
    "modified_at": ("date",),
    "image_url": ("url",),
    "tags": ("list",),
}
"""Types without which a name is not given: what is called `time` and is no date is no `published_at`."""
_EMPTY_WORDS = frozenset(
    {"div", "span", "the", "item", "card", "col", "row", "box", "wrapper", "small", "large", "first", "last",
     "class", "itemprop", "data", "nth", "type", "contains", "not", "product", "article", "post", "listing",
     "list", "main", "block", "info", "field", "value", "css", "js", "meta", "left", "right", "text", "name"}
)  # fmt: skip
"""Words of a selector that do not say what a value is."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def words_in(name: str) -> list[str]:
    """Return the words of a class, key or selector in lower case, in their order."""
    return [word.lower() for word in _WORDS.findall(name)]


def meaning_of(name: str, value_type: ValueType) -> str | None:
    """Return the known field that a name stands for, if values of this type can be that."""
    words = words_in(name)
    joined = "".join(words)
    for field, spellings in _MEANINGS.items():
        known = joined in spellings or any(word in spellings for word in reversed(words))
        if known and value_type in _TYPES.get(field, (value_type,)):
            if field not in _TYPES and value_type in ("url", "list") and field in STRUCTURED_FIELDS:
                continue
            return field
    return None


def field_name(
    candidates: Sequence[str], value_type: ValueType, taken: Collection[str], otherwise: str
) -> str:
    """Return a name for a field that is free.

    Args:
        candidates: classes, properties or keys by which its values are found, the most telling first.
        value_type: of its values.
        taken: names of other fields.
        otherwise: where nothing tells.
    """
    for candidate in candidates:
        meaning = meaning_of(candidate, value_type)
        if meaning and meaning not in taken:
            return meaning
    for candidate in candidates:
        telling = [word for word in words_in(candidate) if word not in _EMPTY_WORDS and len(word) > 1]
        name = "_".join(telling[-3:])
        if re.fullmatch(FIELD_NAME_PATTERN, name) and not _is_column(name, value_type) and name not in taken:
            return name
    number = 2
    name = otherwise
    while name in taken or _is_column(name, value_type):
        name = f"{otherwise}_{number}"
        number += 1
    return name


def _is_column(name: str, value_type: ValueType) -> bool:
    """Whether a name has a column of its own that values of this type do not fit."""
    if name in ("url", "record_id", "extra"):
        return True
    if name in _TYPES:
        return value_type not in _TYPES[name]
    return name in STRUCTURED_FIELDS and value_type != NATURAL_TYPES.get(name, "text")


def from_key(key: str) -> str:
    """Return a JSON key, such as `createdAt` or `data.userName`, as a field's name; "" for none."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", key).lower()
    name = re.sub(r"[^a-z0-9]+", "_", spaced).strip("_")
    return name if re.fullmatch(FIELD_NAME_PATTERN, name) else ""
