"""The values that induction takes and gives.

What belongs here: known values, proposals, and fields that are no longer found. What does not: how a proposal
comes about.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from webdata_assets.sources.selectors import Selector

MINIMAL_SUPPORT = 0.6
"""A selector that is right on fewer of the held-out pages is not proposed."""
MINIMAL_PRECISION = 0.97
"""Least share of right values among the held-out pages that still show the known value somewhere."""
MINIMAL_PAGES = 3
"""Least pages to learn from, and least held-out pages."""


@dataclass(frozen=True)
class Known:
    """What the last admitted record of one item of one page had.

    Attributes:
        url: of the page.
        ordinal: the item's position on the page; 0 where a page is one record.
        values: field → value in the form of its column.
    """

    url: str
    ordinal: int
    values: Mapping[str, object]

    def without_long_values(self, characters: int, *, but: Collection[str]) -> "Known":
        """Return it without texts that are longer, but for the fields named."""
        kept = {
            name: value
            for name, value in self.values.items()
            if name in but or not isinstance(value, str) or len(value) <= characters
        }
        return Known(self.url, self.ordinal, kept)


@dataclass(frozen=True)
class Proposal:
    """One selector for one field, and how well it did on pages that it was not derived from.

    Attributes:
        support: share of the held-out pages on which it finds the known value.
        precision: the same share, of those on which it finds anything and that still show the known value
            somewhere: a page whose value has changed says nothing.
        reason: how it was found, in our own words.
    """

    selector: Selector
    support: float
    precision: float
    reason: str


@dataclass(frozen=True)
class Induced:
    """What induction found for one field.

    Attributes:
        proposals: the best first; empty where none is good enough.
        learnt_pages: pages that the candidates were derived from.
        held_out_pages: pages with a known value that they were tried on.
        reason: how the best one was found, or why there is none.
        is_constant: whether the known values are all the same, so that any other place that shows the value
            on every page looks as good.
    """

    field: str
    proposals: tuple[Proposal, ...]
    learnt_pages: int
    held_out_pages: int
    reason: str
    is_constant: bool = False


@dataclass(frozen=True)
class LostField:
    """A field of one partition that its selectors no longer find.

    Attributes:
        selectors: labels of the selectors that were tried, in their order.
        found_share: share of the extracted records that have the field.
        pages: number of pages with a record that lacks it.
        sample_urls: up to three of them.
        induced: what is proposed in their place.
    """

    field: str
    selectors: tuple[str, ...]
    found_share: float
    pages: int
    sample_urls: Sequence[str]
    induced: Induced
