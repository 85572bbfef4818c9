"""Whether the page says that its product can be had.

What belongs here: notices of a product that is gone, and buttons that sell it. What does not: the words of
many languages (commerce.py).
"""

import re
from collections.abc import Iterator

from webdata_assets.stages.extract.commerce import says_gone
from webdata_assets.stages.extract.products.stated import Statement
from webdata_assets.stages.extract.products.texts import PageTexts, ShortText, ancestors, names_of

_NOTICE_CHARACTERS = 40
_REACH = 150
"""Texts below the title in which the buttons and notices of the product stand."""
_OF_A_VARIANT = re.compile(
    r"swatch|variant|option|relat|recom|similar|carousel|slider|card|tile|review|hidden|template|store|chat"
)
_UNLIKE_NOTICE = re.compile(
    r"\?|false|image|imag[ei]n|immagine|bild|photo|foto|\blist\b|\bif\b|\bwhen\b|notify|email|delivery|pickup|collect|\bchat\b|feature|coupon|offer|store",
    re.IGNORECASE,
)


def availability_notices(page: PageTexts) -> Iterator[Statement]:
    """Yield at most one statement: the product is gone by a notice near its title, or a button sells it."""
    if page.title_at is None:
        return
    reach = range(max(0, page.title_at - _REACH), min(len(page.texts), page.title_at + _REACH))
    buttons = (page.texts[at] for at in page.buttons if at in reach)
    button = next(filter(_shown, buttons), None)
    notices = (page.texts[at] for at in reach if _is_gone(page.texts[at]))
    notice = None if button else next(filter(_shown, notices), None)
    if notice:
        yield Statement("availability", notice.text, f"text:{notice.text[:30]}", False)
    elif button:
        yield Statement("availability", "InStock", f"text:{button.text[:30]}", False)


def _is_gone(text: ShortText) -> bool:
    if len(text.text) > _NOTICE_CHARACTERS or _UNLIKE_NOTICE.search(text.text):
        return False
    return says_gone(text.text)


def _shown(text: ShortText) -> bool:
    nodes = list(ancestors(text.holder, 6))
    if any(_OF_A_VARIANT.search(names_of(node)) for node in nodes):
        return False
    return not any("display:none" in (node.attributes.get("style") or "").replace(" ", "") for node in nodes)
