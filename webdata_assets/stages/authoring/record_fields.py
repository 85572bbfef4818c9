"""The `extract` section of sources with many records a page: blocks of HTML, or objects of JSON.

What belongs here: the rules, and which fields identify a record. What does not: finding blocks and objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webdata_assets.stages.authoring.learning import Rule
from webdata_assets.stages.authoring.survey import Survey
from webdata_assets.stages.authoring.writing import Because

_IDENTITIES = ("id", "uuid", "guid", "slug", "sku", "gtin", "isbn", "link", "url")
_LEAST_TEXT = 30
_MOST_KEYS = 3
_COMMON = 0.99


@dataclass(frozen=True)
class RecordRules:
    """What was made of blocks or objects.

    Attributes:
        extract: the section, with its reasons.
        names: of the fields, those that nearly all records have.
        key: of the fields that identify a record.
    """

    extract: Mapping[str, Any]
    names: tuple[str, ...]
    key: tuple[str, ...]


def rules_of_records(survey: Survey) -> RecordRules:
    """Return the section for a survey whose start holds records."""
    shape: Mapping[str, Any]
    if survey.records is not None and survey.found_by == "records":
        records = survey.records
        items: Any = records.items
        fields = [dict(field) for field in records.fields]
        what = f"{records.count} blocks on the first page, read on {len(survey.samples)} pages."
    else:
        shape = survey.start.look["json"]
        items = {"jmespath": shape["items"]} if shape["items"] else None
        fields = [dict(field) for field in shape["fields"]]
        what = f"{shape['count']} objects in the first answer, read on {len(survey.samples)} pages."
        _name_a_text(fields)
    names = {field["name"] for field in fields}
    kind = "product" if "price" in names else "item" if "text" in names or survey.start.is_json else "article"
    key = _key_of(fields)
    extract: dict[str, Any] = {"kind": Because(kind, _about(kind))}
    if items is not None:
        extract["items"] = Because(items, what)
    extract["key"] = Because(list(key), "Differs between all records of the first page.")
    extract["fields"] = {field["name"]: _noted(field) for field in fields}
    common = tuple(field["name"] for field in fields if field["share"] >= _COMMON)
    return RecordRules(extract, common, tuple(name for name in key if name != "url") or common[:1])


def _about(kind: str) -> str:
    if kind == "product":
        return "The records have prices."
    if kind == "article":
        return "The text of each block is the record's text."
    return "Data of its own kind: nothing is found without a rule."


def _noted(field: Mapping[str, Any]) -> Because:
    keys: dict[str, Any] = {} if field["type"] == "text" else {"type": field["type"]}
    if field["type"] in ("date", "decimal", "integer", "url", "bool"):
        keys["on_invalid"] = "missing"
    count = round(field["share"] * field["boxes"])
    why = f"On {count} of {field['boxes']} records, such as {field['sample']!r}."
    return Because(Rule(field["name"], keys, [field["keys"]], why).as_yaml(), why)


def _key_of(fields: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the fields that tell records apart: an identity, else the text or title, else several."""
    whole = [field for field in fields if field["share"] == 1 and field["type"] != "list"]
    distinct = [field["name"] for field in whole if field["is_distinct"]]
    for name in (*_IDENTITIES, "text", "title"):
        if name in distinct:
            return (name,)
    identity = next((name for name in distinct if name.endswith(("_id", "_code", "_number"))), None)
    if identity:
        return (identity,)
    if distinct:
        return (distinct[0],)
    return tuple(field["name"] for field in whole[:_MOST_KEYS]) or ("url",)


def _name_a_text(fields: list[dict[str, Any]]) -> None:
    """Call the longest text of JSON objects `text`, where none is called so."""
    if any(field["name"] == "text" for field in fields):
        return
    texts = [field for field in fields if field["type"] == "text" and field["characters"] >= _LEAST_TEXT]
    longest = max(texts, key=lambda field: field["characters"], default=None)
    if longest is not None and longest["name"] not in ("title", "id"):
        longest["name"] = "text"
