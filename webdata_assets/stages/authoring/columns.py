"""One place over all boxes of a list: what is found there, and how it lies to other places.

What belongs here: that value, and which places say something of their own. What does not: finding places, and
naming them (block_fields.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from selectolax.lexbor import LexborNode

LEAST_SHARE = 0.6
"""Of the boxes that have a place, for it to be a field."""


@dataclass(frozen=True, eq=False)
class Column:
    """One place over all boxes: its CSS, what is taken there, and what was found in each box."""

    css: str
    attribute: str | None
    tag: str
    cost: float
    nodes: tuple[list[LexborNode], ...]
    values: tuple[str | None, ...]

    @property
    def share(self) -> float:
        return sum(value is not None for value in self.values) / len(self.values)

    @cached_property
    def several(self) -> float:
        """Share of the boxes that have several there; links to one page count as one."""
        return sum(len(self._different(nodes)) > 1 for nodes in self.nodes) / len(self.nodes)

    def _different(self, nodes: Sequence[LexborNode]) -> set[object]:
        is_link = self.attribute == "href"
        return {node.attributes.get("href") if is_link else node.mem_id for node in nodes}

    @property
    def is_list(self) -> bool:
        return self.several >= LEAST_SHARE / 2

    @property
    def is_by_place(self) -> bool:
        """Whether it counts siblings, which only the columns of a table mean by that."""
        return ":nth-" in self.css and self.tag not in ("td", "dd")

    @cached_property
    def firsts(self) -> frozenset[int]:
        return frozenset(nodes[0].mem_id for nodes in self.nodes if nodes)

    @cached_property
    def all(self) -> frozenset[int]:
        return frozenset(node.mem_id for nodes in self.nodes for node in nodes)

    @cached_property
    def around(self) -> frozenset[int]:
        """The elements around what was found, up to the boxes."""
        found: set[int] = set()
        for nodes in self.nodes:
            above = nodes[0].parent if nodes else None
            while above is not None and above.mem_id not in found and above.is_element_node:
                found.add(above.mem_id)
                above = above.parent
        return frozenset(found)


def own_columns(columns: Sequence[Column]) -> list[Column]:
    """Return the columns without those that are parts of a list, or boxes of several others."""
    texts = [column for column in columns if column.attribute is None]
    lists = [column for column in texts if column.is_list]
    return [
        column
        for column in columns
        if not any(column is not other and column.firsts <= other.all for other in lists)
        and not (column.attribute is None and _is_box(column, texts))
    ]


def _is_box(column: Column, others: Sequence[Column]) -> bool:
    held = [other for other in others if other is not column and column.firsts <= other.around]
    return sum(2 if other.is_list else 1 for other in held) >= 2
