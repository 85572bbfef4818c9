"""What a page's records are read from: the page itself, or the items that it lists.

What belongs here: the format that a source's selectors need, and finding the items. What does not: their
fields (fields.py), and records made by a function of the user's (python_extractor.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import Extract
from webdata_assets.sources.fields import FieldRule
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.document import Document, Format
from webdata_assets.stages.extract.selectors import Item, contexts, search_json


def wanted_format(extract: Extract) -> Format:
    """Return what a source's selectors can be applied to; HTML where there are none."""
    if extract.python is not None:
        return "either"
    items = extract.items
    takes_json = items is not None and items.either is None
    if items is not None and takes_json and not items.selector(of_json=True).reads_json_page:
        return "html"
    selectors = list(_of_the_page(extract.fields.values()))
    takes_json = takes_json or any(selector.reads_json_page for selector in selectors)
    takes_html = any(selector.place for selector in selectors)
    if takes_json:
        return "either" if takes_html else "json"
    return "either" if selectors and not takes_html else "html"


def _of_the_page(rules: Iterable[FieldRule]) -> Iterator[Selector]:
    """Yield the selectors that are applied to the page or its items, and not to what another one found."""
    for rule in rules:
        yield from rule.from_
        if not rule.from_:
            yield from _of_the_page(rule.fields.values())


def items_of(extract: Extract, document: Document) -> list[Item]:
    """Return what the page's records are read from: the page itself, or its items.

    An empty list in JSON gives no items, because that is how listings end.

    Raises:
        PermanentError: PARSE, when there should be items and none is found; CONFIGURATION, when the selector
            cannot be evaluated on any page.
    """
    page = Item(document, extract.kind, data=document.data)
    if extract.items is None:
        return [page]
    selector = extract.items.selector(of_json=document.tree is None)
    try:
        if selector.reads_json_page and selector.jmespath:
            found = search_json(selector.jmespath, document.data)
            items = [page.holding(entry) for entry in found]
            found_nothing = list(found) == [None]
        else:
            items = contexts(selector, page)
            found_nothing = not items
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.CONFIGURATION:
            raise
        raise PermanentError(f"items: {error}", failure_domain=error.failure_domain) from error
    if found_nothing:
        shown = extract.items.either or selector.label
        raise PermanentError(f"extract.items {shown!r} found nothing", failure_domain=FailureDomain.PARSE)
    return [replace(item, is_part=True) for item in items]
