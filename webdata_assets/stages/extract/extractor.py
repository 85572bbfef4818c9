"""Payloads → candidate records, as the source's `extract` section says.

What belongs here: the order of things for one page, and the values handed to clean/. What does not: how one
selector, type or default works (the other modules), and whether a record is good (clean/).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import orjson
from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.extract import ValueType
from webdata_assets.sources.model import Source
from webdata_assets.stages import clean, extract
from webdata_assets.stages.extract.commerce import currency_in, normalise_availability, normalise_currency
from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS, find_language
from webdata_assets.stages.extract.document import Document, Format, parse_document
from webdata_assets.stages.extract.extraction import (
    NO_HIT,
    Candidate,
    Extraction,
    FieldError,
    PageFailure,
    Payload,
)
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.products import PRODUCT_FIELDS, product_defaults
from webdata_assets.stages.extract.selectors import Item, Match, css_nodes, first_match, search_json
from webdata_assets.stages.extract.values import Context, ConversionError, convert
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

_NATURAL_TYPES: Mapping[str, ValueType] = {"price": "decimal", "published_at": "date", "image_url": "url"}
"""Types of fields whose column is no text, so that the shorthand `price: .price` gives a number."""


def extract_pages(
    source: Source, payloads: Iterable[Payload], on_progress: Callable[[int], None] | None = None
) -> Extraction:
    """Extract pages one after the other; `on_progress` is told how many are done.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    candidates: list[Candidate] = []
    failures: list[PageFailure] = []
    hits: dict[str, Counter[str]] = {}
    for done, payload in enumerate(payloads, start=1):
        page = extract_page(source, payload)
        candidates.extend(page.candidates)
        failures.extend(page.failures)
        for name, counts in page.selector_hits.items():
            hits.setdefault(name, Counter()).update(counts)
        if on_progress:
            on_progress(done)
    return Extraction(
        tuple(candidates), tuple(failures), {name: dict(counts) for name, counts in hits.items()}
    )


def extract_page(source: Source, payload: Payload) -> Extraction:
    """Extract one page: no candidate where `extract.pages` does not match, a failure where it is unreadable.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    if source.extract.pages is not None and not re.search(source.extract.pages, payload.url):
        return Extraction()
    try:
        document = parse_document(payload.final_url, payload.body, payload.content_type, _format(source))
        items = _items(source, document)
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.PARSE:
            raise
        failure = PageFailure(payload.url, str(error), payload.payload_hash, payload.payload_date)
        return Extraction(failures=(failure,))
    hits: dict[str, Counter[str]] = {}
    candidates = tuple(_candidate(source, payload, item, ordinal, hits) for ordinal, item in enumerate(items))
    return Extraction(candidates, (), {name: dict(counts) for name, counts in hits.items()})


def extractor_version(source: Source) -> str:
    """Return 16 hexadecimal digits that change when the code or the source's rules for records do."""
    rules = {
        "code": [extract.CODE_VERSION, clean.CODE_VERSION],
        "extract": source.extract.model_dump(mode="json", by_alias=True),
        "required": source.expect.required,
    }
    return blake3(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _format(source: Source) -> Format:
    """Return what a source's selectors can be applied to; HTML where there are none."""
    selectors = [selector for rule in source.extract.fields.values() for selector in rule.from_]
    takes_json = any(selector.jmespath for selector in selectors)
    takes_html = any(selector.css or selector.jsonld or selector.meta for selector in selectors)
    if takes_json:
        return "either" if takes_html else "json"
    return "either" if selectors and not takes_html else "html"


def _items(source: Source, document: Document) -> list[Item]:
    kind, expression = source.extract.kind, source.extract.items
    if expression is None:
        return [Item(document, kind, data=document.data)]
    with _located(source, "items"):
        if document.tree is not None:
            items = [Item(document, kind, node=node) for node in css_nodes(expression, document)]
            found_nothing = not items
        else:
            found = search_json(expression, document.data)
            items = [Item(document, kind, data=entry) for entry in found]
            # an empty list is the end of a listing; no list at all is not
            found_nothing = list(found) == [None]
    if found_nothing:
        raise PermanentError(
            f"extract.items {expression!r} found nothing", failure_domain=FailureDomain.PARSE
        )
    return items


def _candidate(
    source: Source, payload: Payload, item: Item, ordinal: int, hits: dict[str, Counter[str]]
) -> Candidate:
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    price_text = ""
    for name, rule in source.extract.fields.items():
        with _located(source, f"fields.{name}"):
            match = first_match(rule.from_, item)
        hits.setdefault(name, Counter())[match.label if match else NO_HIT] += 1
        if match is None:
            continue
        if name == "price" and isinstance(match.values[0], str):
            price_text = match.values[0]
        value_type = _NATURAL_TYPES.get(name, rule.type) if rule.type == "text" else rule.type
        try:
            values[name] = _value(name, value_type, match, item)
        except ConversionError as error:
            errors.append(FieldError(name, value_type, error.raw, error.reason))
    declared = source.extract.fields.keys()
    for name, found in _defaults(source, payload, item).items():
        hits.setdefault(name, Counter())[f"default:{found.label}" if found else NO_HIT] += 1
        if found:
            values[name] = found.value
    if "currency" not in declared and "currency" not in values and values.get("price") is not None:
        document = item.document
        code = currency_in(price_text, url=document.url, language=document.language_tag or "")
        values.update({"currency": code} if code else {})
    return Candidate(payload.url, ordinal, values, payload.payload_hash, payload.payload_date, tuple(errors))


def _value(name: str, value_type: ValueType, match: Match, item: Item) -> object:
    document = item.document
    first = match.values[0]
    if name == "text" and value_type == "text" and isinstance(first, str):
        return first.strip()  # paragraphs of a body stay
    context = Context(document.base_url, document.month_first, match.machine_readable)
    value = convert(value_type, match.values, context)
    if name == "availability" and isinstance(value, str | bool):
        return normalise_availability(str(value))
    if name == "currency" and isinstance(value, str):
        return normalise_currency(value, url=document.url, language=document.language_tag or "")
    return value


def _defaults(source: Source, payload: Payload, item: Item) -> dict[str, Found | None]:
    """Return what stands in for undeclared fields; a declared rule decides alone, hit or not.

    Items of a page share the page's language and nothing else: its title and main content are not theirs.
    """
    kind, declared = source.extract.kind, source.extract.fields.keys()
    document, context = item.document, PageContext(source.extract.kind, payload.payload_date)
    if kind == "item" or document.tree is None:
        return {}
    found: dict[str, Found | None] = {}
    if source.extract.items is not None:
        if item.node is not None and "text" not in declared:
            text = text_of(item.node)
            found["text"] = Found(text, "text of the item") if text else None
        if "language" not in declared:
            found["language"] = find_language(document, context)
    elif kind == "product":
        stated = product_defaults(document)
        found = {name: stated.get(name) for name in PRODUCT_FIELDS if name not in declared}
        found |= {
            name: ARTICLE_DEFAULTS[name](document, context)
            for name in ("title", "text", "language", "image_url")
            if name not in declared and name not in stated
        }
    else:
        found = {
            name: find(document, context) for name, find in ARTICLE_DEFAULTS.items() if name not in declared
        }
    return found


@contextmanager
def _located(source: Source, place: str) -> Iterator[None]:
    """Name the place in the source file that an unusable selector comes from."""
    try:
        yield
    except PermanentError as error:
        if error.failure_domain is not FailureDomain.CONFIGURATION:
            raise
        message = f"source {source.name!r}, extract.{place}: {error}"
        raise PermanentError(message, failure_domain=error.failure_domain) from error
