"""The reference of source files, `docs/sources.md`, rendered from the model's own descriptions.

What belongs here: models as Markdown. What does not: the JSON Schema for editors (json_schema.py).
"""

import inspect
from collections.abc import Collection, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from webdata_assets.sources import arrival, clean, discover, expect, extract, fetch, model, policies

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "sources.md"

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", model.Source),
    ("`as_of`", fetch.AsOf),
    ("`arrival`", arrival.Arrival),
    ("`fetch`", fetch.Fetch),
    ("`fetch.discover`, `by: urls`", discover.DiscoverUrls),
    ("`fetch.discover`, `by: links`", discover.DiscoverLinks),
    ("`fetch.discover`, `by: listing`", discover.DiscoverListing),
    ("`fetch.discover`, `by: sitemap`", discover.DiscoverSitemap),
    ("`fetch.discover`, `by: feed`", discover.DiscoverFeed),
    ("`fetch.discover`, `by: api`", discover.DiscoverApi),
    ("`fetch.discover`, `by: warc`", discover.DiscoverWarc),
    ("`fetch.discover`, `by: files`", discover.DiscoverFiles),
    ("`fetch.discover`, `by: job`", discover.DiscoverJob),
    ("`fetch.services.WAY`", fetch.Service),
    ("`fetch.proxies`", policies.ProxyPolicy),
    ("`fetch.breaker`", policies.BreakerPolicy),
    ("`extract`", extract.Extract),
    ("`extract.items`", extract.Items),
    ("`extract.fields.NAME`", extract.FieldRule),
    ("`extract.fields.NAME.from`", extract.Selector),
    ("`clean`", clean.Clean),
    ("`clean.languages`", clean.Languages),
    ("`clean.quality`", clean.Quality),
    ("`clean.duplicates`", clean.Duplicates),
    ("`expect`", expect.Expect),
)

_INTRODUCTION = """\
# Source files

One YAML file is one source. `webdata sources check` names file, line, field and remedy for whatever is wrong,
and editors complete keys from `source.schema.json`. Made from the model by `make schema`.

A field may be written short: `title: h1` means `title: {from: [{css: h1}]}`, `title: //h1` is an XPath, and
one selector needs no list: `price: {type: decimal, jsonld: offers.price}`. Selectors, types and policies are
shown at work in [extracting.md](extracting.md).
"""


def render() -> str:
    """Return the reference as Markdown."""
    return render_sections(_INTRODUCTION, _SECTIONS)


def render_sections(
    introduction: str,
    sections: Sequence[tuple[str, type[BaseModel]]],
    *,
    left_out: Collection[str] = (),
) -> str:
    """Return Markdown with a table of keys for each titled section of a file.

    Args:
        left_out: keys that the first section explains for all.
    """
    parts = [introduction]
    for position, (title, section) in enumerate(sections):
        parts.append(f"## {title}\n\n{inspect.cleandoc(section.__doc__ or '')}\n")
        parts.append("| key | type | default | meaning |\n|---|---|---|---|")
        parts += [
            _row(field.alias or name, field)
            for name, field in section.model_fields.items()
            if position == 0 or name not in left_out
        ]
        parts.append("")
    return "\n".join(parts)


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"`{_default(field)}`"
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name}` | {_type(field.annotation)} | {default} | {meaning} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value)) if _plain(value) else str(value)
    )


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin in (Union, UnionType):
        return " or ".join(
            dict.fromkeys(_type(part) for part in get_args(annotation) if part is not NoneType)
        )
    if origin is tuple:
        return f"list of {_type(get_args(annotation)[0])}"
    if origin is dict:
        return f"name → {_type(get_args(annotation)[1])}"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", Any: "any value"}
    if annotation in names:
        return names[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return str(getattr(annotation, "__name__", annotation))


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")
