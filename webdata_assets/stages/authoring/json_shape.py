"""The shape of a JSON answer: where its list is, what its items have, and how it goes on.

What belongs here: paths in JSON, as JMESPath. What does not: asking for the next page
(crawl/discovery/api.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webdata_assets.stages.authoring.naming import field_name, from_key, meaning_of
from webdata_assets.stages.authoring.values import type_of_values

_DEEPEST = 4
_MOST_ITEMS = 50
_MOST_FIELDS = 14
_LEAST_SHARE = 0.5
_LONGEST_SAMPLE = 60
_LONGEST_PATH = 100
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CURSORS = ("next_cursor", "nextCursor", "next_page_token", "nextPageToken", "cursor", "next", "next_page",
            "nextPage", "next_url", "nextUrl", "after", "continuation")  # fmt: skip
_CURSOR_PARAMETERS = {"next_page_token": "page_token", "nextPageToken": "pageToken", "after": "after",
                      "next_page": "page", "nextPage": "page", "continuation": "continuation"}  # fmt: skip
_HOLDERS = ("", "meta", "paging", "pagination", "links", "_links", "page_info", "pageInfo")
_PAGES = frozenset({"page", "current_page", "currentPage", "pages", "total_pages", "totalPages"})
_OFFSETS = ("offset", "skip", "start")


def shape_of(data: object) -> dict[str, Any]:
    """Return `items` (JMESPath of the list; None where the answer is one record), `count`, `fields`, `ways`.

    `ways` are paginations that the answer hints at, as keys of a `by: api` rule, the likeliest first.
    """
    path, items = _list_in(data)
    records: Sequence[Mapping[str, object]] = (
        items if items is not None else [data] if isinstance(data, dict) else []
    )
    return {
        "items": path,
        "count": len(records),
        "fields": _fields(records[:_MOST_ITEMS]),
        "ways": list(_ways(data, path)) if items is not None else [],
    }


def _list_in(data: object) -> tuple[str | None, list[Mapping[str, object]] | None]:
    """Return the longest list of objects with its path; of equals the one that is nearest to the top."""
    best: tuple[int, str, list[Mapping[str, object]]] | None = None
    level: list[tuple[str, object]] = [("", data)]
    for depth in range(_DEEPEST):
        below: list[tuple[str, object]] = []
        for path, value in level:
            if isinstance(value, list):
                objects: list[Mapping[str, object]] = [entry for entry in value if isinstance(entry, dict)]
                if objects and len(objects) == len(value) and (best is None or len(objects) > best[0]):
                    best = (len(objects), path or "@", objects)
            elif isinstance(value, dict):
                below += [(_join(path, key), inner) for key, inner in value.items() if isinstance(key, str)]
        if best is not None and depth:
            break
        level = below
    return (best[1], best[2]) if best else (None, None)


def _join(path: str, key: str) -> str:
    step = key if _PLAIN_KEY.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{path}.{step}" if path else step


def _fields(records: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
    columns: dict[str, list[object]] = {}
    for record in records:
        for path, value in _scalars(record):
            columns.setdefault(path, []).append(value)
    fields: list[dict[str, Any]] = []
    for path, values in columns.items():
        is_rare = len(values) < _LEAST_SHARE * len(records)
        if is_rare or len(fields) >= _MOST_FIELDS or len(path) > _LONGEST_PATH:
            continue
        is_list = any(isinstance(value, list) for value in values)
        value_type = "list" if is_list else type_of_values(values, machine_readable=True)
        taken = [entry["name"] for entry in fields]
        tellers = [path] if meaning_of(path.rpartition(".")[2], value_type) else []
        own = from_key(path)
        name = own if own and own not in taken and not tellers else ""
        name = name if name and field_name([], value_type, taken, name) == name else ""
        name = name or field_name(tellers, value_type, taken, own or "value")
        sample = values[0][0] if isinstance(values[0], list) else values[0]
        fields.append(
            {
                "name": name,
                "type": value_type,
                "keys": {"jmespath": path},
                "share": round(len(values) / len(records), 3),
                "boxes": len(records),
                "sample": " ".join(str(sample).split())[:_LONGEST_SAMPLE],
                "is_distinct": len({str(value) for value in values}) == len(records),
                "characters": round(sum(len(str(value)) for value in values) / len(values)),
            }
        )
    return fields


def _scalars(record: Mapping[str, object], path: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for key, value in record.items():
        if not isinstance(key, str) or not key:
            continue
        here = _join(path, key)
        if isinstance(value, dict) and depth < 1:
            yield from _scalars(value, here, depth + 1)
        elif isinstance(value, list):
            if value and all(isinstance(entry, str) and entry for entry in value):
                yield here, value
        elif value not in (None, "") and not isinstance(value, dict):
            yield here, value


def _ways(data: object, items: str | None) -> Iterator[dict[str, str]]:
    if not isinstance(data, dict) or items is None:
        return
    for holder in _HOLDERS:
        around = data.get(holder) if holder else data
        if not isinstance(around, dict):
            continue
        for key in _CURSORS:
            value = around.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                if isinstance(value, str) and value.startswith("/"):
                    continue
                parameter = _CURSOR_PARAMETERS.get(key)
                yield {"cursor": _join(holder, key), **({"cursor_param": parameter} if parameter else {})}
        if _PAGES & around.keys():
            yield {"page_param": "page", "items": items}
        for key in _OFFSETS:
            if isinstance(around.get(key), int):
                yield {"offset_param": key, "items": items}
