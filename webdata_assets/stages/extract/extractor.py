"""Payloads → candidate records, as the source's `extract` section says.

What belongs here: the order of things for one page, and the values handed to clean/. What does not: how one
selector, type or default works (the other modules), and whether a record is good (clean/).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import orjson
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import Source
from webdata_assets.sources.python_function import code_hash
from webdata_assets.stages import clean, extract
from webdata_assets.stages.extract.commerce import currency_in
from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS, PAGE_DEFAULTS, find_language
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.extraction import (
    NO_HIT,
    Candidate,
    Extraction,
    FieldError,
    PageFailure,
    Payload,
    joined,
)
from webdata_assets.stages.extract.fields import read_fields
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.listing import items_of, wanted_format
from webdata_assets.stages.extract.main_content.blocks import read_blocks
from webdata_assets.stages.extract.main_content.find import MainContent, find_main_content
from webdata_assets.stages.extract.main_content.templates import Templates, block_digests
from webdata_assets.stages.extract.products import PRODUCT_FIELDS, product_defaults
from webdata_assets.stages.extract.python_extractor import items_by_function
from webdata_assets.stages.extract.selectors import Item
from webdata_assets.stages.extract.visible_text import text_of

__all__ = [
    "NO_HIT",
    "Candidate",
    "Extraction",
    "FieldError",
    "PageFailure",
    "Payload",
    "extract_page",
    "extract_pages",
    "extractor_version",
]
_OF_PRODUCT_PAGES = ("title", "image_url")
"""What a product page is taken to say as an article would, beside what any page does."""


def extract_pages(
    source: Source, payloads: Iterable[Payload], on_progress: Callable[[int], None] | None = None
) -> Extraction:
    """Extract pages one after the other; `on_progress` is told how many are done.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    return joined(_each_page(source, payloads, on_progress))


def _each_page(
    source: Source, payloads: Iterable[Payload], on_progress: Callable[[int], None] | None
) -> Iterator[Extraction]:
    for done, payload in enumerate(payloads, start=1):
        yield extract_page(source, payload)
        if on_progress:
            on_progress(done)


def extract_page(source: Source, payload: Payload, templates: Templates | None = None) -> Extraction:
    """Extract one page: no candidate where `extract.pages` does not match, a failure where it is unreadable.

    Args:
        source: how its pages are read.
        payload: the page.
        templates: blocks that other pages of the partition have too, for sources with `remove_templates`.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    if source.extract.pages is not None and not re.search(source.extract.pages, payload.url):
        return Extraction()
    try:
        with _located(source):
            return _read_page(source, payload, templates)
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.PARSE:
            raise
        failure = PageFailure(payload.url, str(error), payload.payload_hash, payload.payload_date)
        return Extraction(failures=(failure,))


def digests_of_page(source: Source, payload: Payload) -> list[str]:
    """Return what identifies the blocks of a page, for templates to be learnt; none of an unreadable page."""
    if source.extract.pages is not None and not re.search(source.extract.pages, payload.url):
        return []
    try:
        document = parse_document(payload.final_url, payload.body, payload.content_type, "html")
    except PermanentError:
        return []  # extraction says why
    assert document.tree is not None
    return sorted(digest.hex() for digest in block_digests(read_blocks(document.tree).texts))


def _read_page(source: Source, payload: Payload, templates: Templates | None) -> Extraction:
    rules = source.extract
    document = parse_document(payload.final_url, payload.body, payload.content_type, wanted_format(rules))
    if rules.python is None:
        items = items_of(rules, document)
    else:
        items = items_by_function(rules.python, rules.kind, document, payload)
    hits: dict[str, Counter[str]] = {}
    candidates = tuple(
        _candidate(source, payload, item, ordinal, hits, templates) for ordinal, item in enumerate(items)
    )
    return Extraction(candidates, (), {name: dict(counts) for name, counts in hits.items()})


def extractor_version(source: Source) -> str:
    """Return 16 hexadecimal digits that change when the code or the source's rules for records do.

    A function of the user's counts by the text of its module.
    """
    rules = {
        "code": [extract.CODE_VERSION, clean.CODE_VERSION],
        "extract": source.extract.model_dump(mode="json", by_alias=True),
        "required": source.expect.required,
        "clean": source.clean.model_dump(mode="json", by_alias=True),
        "python": code_hash(source.extract.python) if source.extract.python else None,
    }
    return blake3(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _candidate(
    source: Source,
    payload: Payload,
    item: Item,
    ordinal: int,
    hits: dict[str, Counter[str]],
    templates: Templates | None,
) -> Candidate:
    read = read_fields(source.extract.fields, item)
    values = dict(read.values)
    for name, label in read.hits:
        hits.setdefault(name, Counter())[label] += 1
    decided = _decided(source, item)
    for name, found in _defaults(source, payload, item, decided).items():
        hits.setdefault(name, Counter())[f"default:{found.label}" if found else NO_HIT] += 1
        if found:
            values[name] = found.value
    if "currency" not in decided and "currency" not in values and values.get("price") is not None:
        document, written = item.document, read.raw.get("price")
        price_text = written if isinstance(written, str) else ""
        code = currency_in(price_text, url=document.url, language=document.language_tag or "")
        values.update({"currency": code} if code else {})
    derived: dict[str, object] = {}
    if "text" not in decided and (content := _main_content(source, item, templates)):
        hits.setdefault("text", Counter())[f"default:main content, {content.method}"] += 1
        values["text"] = content.text
        if "structured_text" not in decided and content.structured_text is not None:
            values["structured_text"] = content.structured_text
        derived = {
            "page_type": content.page_type,
            "content_confidence": content.confidence,
            "link_share": content.link_share,
        }
    place = (payload.payload_hash, payload.payload_date)
    return Candidate(payload.url, ordinal, values, *place, read.errors, derived, read.dropped)


def _main_content(source: Source, item: Item, templates: Templates | None) -> MainContent | None:
    """Return the main content of a whole page; items of a page, and data of a kind of its own, have none."""
    if item.is_part or source.extract.kind == "item":
        return None
    return find_main_content(item.document, mode=source.extract.content, templates=templates)


def _decided(source: Source, item: Item) -> frozenset[str]:
    """Return the fields that the source speaks for, by a rule or by its own function, hit or not."""
    given = item.data if item.has_names and isinstance(item.data, dict) else {}
    return frozenset({*source.extract.fields, *given})


def _defaults(
    source: Source, payload: Payload, item: Item, decided: frozenset[str]
) -> dict[str, Found | None]:
    """Return what stands in for fields that the source does not speak for.

    Items of a page share the page's language and nothing else: its title and main content are not theirs.
    """
    document, context = item.document, PageContext(source.extract.kind, payload.payload_date)
    if document.tree is None:
        return {}
    if item.is_part:
        return _of_part(item, context, decided)
    finders = PAGE_DEFAULTS if context.kind == "item" else ARTICLE_DEFAULTS
    found: dict[str, Found | None] = {}
    if context.kind == "product":
        finders = {**PAGE_DEFAULTS, **{name: ARTICLE_DEFAULTS[name] for name in _OF_PRODUCT_PAGES}}
        stated = product_defaults(document)
        found = {name: stated.get(name) for name in PRODUCT_FIELDS if name not in decided}
    for name, find in finders.items():
        if name not in decided and not found.get(name):
            found[name] = find(document, context)
    return found


def _of_part(item: Item, context: PageContext, decided: frozenset[str]) -> dict[str, Found | None]:
    found: dict[str, Found | None] = {}
    if context.kind == "item":
        return found
    if item.node is not None and "text" not in decided:
        text = text_of(item.node)
        found["text"] = Found(text, "text of the item") if text else None
    if "language" not in decided:
        found["language"] = find_language(item.document, context)
    return found


@contextmanager
def _located(source: Source) -> Iterator[None]:
    """Name the source file's section that an unusable selector or function comes from."""
    try:
        yield
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.CONFIGURATION:
            raise
        message = f"source {source.name!r}, extract.{error}"
        raise PermanentError(message, failure_domain=error.failure_domain) from error
