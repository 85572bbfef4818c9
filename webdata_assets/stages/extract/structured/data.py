"""Everything a page says of itself in machine-readable form, as the finders take it.

What belongs here: the value and how to ask it. What does not: reading it (reading.py), and which field takes
which value (the finders).
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from webdata_assets.stages.extract.structured.choosing import best_object
from webdata_assets.stages.extract.structured.objects import JsonObject, objects_in


@dataclass(frozen=True)
class StructuredData:
    """Objects in the shape of JSON-LD from three syntaxes, meta elements, and OpenGraph.

    Attributes:
        objects: JSON-LD, in the order of the page, those within `@graph` and `mainEntity` after the outer.
        microdata: items that are in no other item.
        rdfa: RDFa Lite resources that are in no other one.
        meta: the first content of each meta element by its name in lower case.
        repeated_meta: all contents of the meta elements that come more than once.
        opengraph: all contents by property in lower case, such as `og:image`, in the order of the page.
        links: the first address of each link element by its relation in lower case, such as `canonical`.
    """

    objects: tuple[JsonObject, ...] = ()
    meta: dict[str, str] = field(default_factory=dict)
    microdata: tuple[JsonObject, ...] = ()
    rdfa: tuple[JsonObject, ...] = ()
    opengraph: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    repeated_meta: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def items(self) -> tuple[JsonObject, ...]:
        """Objects of all syntaxes, from the one that is trusted most to the one that is trusted least."""
        return self.objects + tuple(objects_in([*self.microdata])) + tuple(objects_in([*self.rdfa]))

    def meta_value(self, *names: str) -> str | None:
        """Return the content of the first of these meta elements that the page has."""
        return next((value for name in names if (value := self.meta.get(name.lower()))), None)

    def main_object(self, kind: str) -> JsonObject | None:
        """Return the object that describes a page of this kind, with its references resolved."""
        if kind not in self._main_objects:
            best = best_object(self.items, kind)
            self._main_objects[kind] = self.resolved(best) if best else None
        return self._main_objects[kind]

    def resolved(self, item: JsonObject) -> JsonObject:
        """Return the object with `{"@id": …}` values replaced by what they refer to, one level deep."""
        return {
            name: [self._target(entry) for entry in value] if isinstance(value, list) else self._target(value)
            for name, value in item.items()
        }

    def _target(self, value: Any) -> Any:
        if isinstance(value, dict) and set(value) <= {"@id", "@type"} and isinstance(value.get("@id"), str):
            return self._by_id.get(value["@id"], value)
        return value

    @cached_property
    def _main_objects(self) -> dict[str, JsonObject | None]:
        return {}

    @cached_property
    def _by_id(self) -> dict[str, JsonObject]:
        named = ((item.get("@id"), item) for item in reversed(self.items) if len(item) > 2)
        return {name: item for name, item in named if isinstance(name, str)}
