"""The main content of a page: its text, plain and structured, the page's type, and how sure that is.

What belongs here: the order of the steps. What does not: the steps themselves (the other modules).
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from webdata_assets.stages.extract.main_content.blocks import read_blocks
from webdata_assets.stages.extract.main_content.choose import choose, without_repetitions
from webdata_assets.stages.extract.main_content.fast import fast_text
from webdata_assets.stages.extract.main_content.features import block_features
from webdata_assets.stages.extract.main_content.model import ContentModel, shipped_model
from webdata_assets.stages.extract.main_content.page_words import PageWords
from webdata_assets.stages.extract.main_content.templates import Templates
from webdata_assets.stages.extract.main_content.write import write
from webdata_assets.stages.extract.structured import types_of

if TYPE_CHECKING:
    from webdata_assets.stages.extract.document import Document

_STATED_NAMES = ("articleBody", "description", "text", "reviewBody")
_MAX_STATED_CHARACTERS = 100_000
_MAX_ADDRESS_CHARACTERS = 2_000
_LEAST_PROBABILITY = 0.35
_PLAIN_TYPES = frozenset({"article", "documentation", "product"})
"""Page types of which a block below that probability is left out, even where its words might pay: on them it
changes no F1 on left-out sites, and keeps furniture out of short pages."""
_CELLS = frozenset({"td", "th"})
_RUNNING_TEXT = frozenset({"article", "documentation"})
"""Page types whose repetitions are meant; others show things again for screens of another size."""
_MAX_OBJECTS = 100


def page_words(document: "Document") -> PageWords:
    """Return what the page says of itself in its head and its structured data."""
    structured = document.structured
    title = document.tree.css_first("title") if document.tree else None
    stated = [
        value
        for item in structured.objects
        for name in _STATED_NAMES
        if isinstance(value := item.get(name), str)
    ]
    og_type = (structured.meta_value("og:type") or "").casefold()
    return PageWords(
        title=f"{title.text() if title else ''} {structured.meta_value('og:title') or ''}",
        description=f"{structured.meta_value('description') or ''} "
        f"{structured.meta_value('og:description') or ''}",
        stated=re.sub(r"\s+", " ", " ".join(stated)[:_MAX_STATED_CHARACTERS]),
        is_article="article" in og_type or structured.main_object("article") is not None,
        is_product="product" in og_type or structured.main_object("product") is not None,
        address=document.url[:_MAX_ADDRESS_CHARACTERS],
        declared=" ".join(name for item in structured.items[:_MAX_OBJECTS] for name in types_of(item)),
        program=(structured.meta_value("generator") or "")[:_MAX_ADDRESS_CHARACTERS],
    )


@dataclass(frozen=True)
class MainContent:
    """The main content of one page.

    Attributes:
        text: plain text, see `write`.
        structured_text: the same as Markdown; None in fast mode.
        page_type: one of `schemas.records.PAGE_TYPES`; None in fast mode.
        confidence: the word F1 to be expected, 0 to 1; None in fast mode.
        link_share: characters in links / characters; None in fast mode.
        method: how it was found, `model` or `fast`.
    """

    text: str
    structured_text: str | None
    page_type: str | None
    confidence: float | None
    link_share: float | None
    method: str


def find_main_content(
    document: "Document",
    *,
    mode: Literal["balanced", "fast"] = "balanced",
    templates: Templates | None = None,
    model: ContentModel | None = None,
) -> MainContent | None:
    """Return the main content of an HTML page; None where it has no text at all.

    Args:
        document: the page.
        mode: `balanced` judges every block by the model; `fast` leaves out the page's furniture only.
        templates: blocks that the site's other pages have too, which are then left out.
        model: the weights; those of the package where not given.
    """
    if document.tree is None:
        return None
    if mode == "fast":
        text = fast_text(document.tree)
        return MainContent(text, None, None, None, None, "fast") if text else None
    page = read_blocks(document.tree)
    if not page.texts:
        return None
    model = model or shipped_model()
    features = block_features(page, page_words(document))
    page_type, _ = model.page_type(features.page)
    probabilities = model.probabilities(features.table)
    if page_type not in _RUNNING_TEXT:
        probabilities = without_repetitions(probabilities, page.texts, features.words, features.siblings)
    if templates is not None:
        # cells say the same on many pages and mean something by their row: a table without them is none
        is_cell = np.array([page.names[element] in _CELLS for element in page.elements])
        probabilities[templates.marked(document.url, page.texts) & ~is_cell] = 0.0
    least = _LEAST_PROBABILITY if page_type in _PLAIN_TYPES else 0.0
    kept, expected = choose(probabilities, features.words, least=least)
    text, structured = write(page, np.flatnonzero(kept).tolist())
    if not text:
        return None
    characters = sum(len(page.texts[block]) for block in np.flatnonzero(kept))
    in_links = sum(page.link_characters[block] for block in np.flatnonzero(kept))
    return MainContent(
        text, structured, page_type, round(expected, 4), round(in_links / characters, 4), "model"
    )
