"""Selectors for the fields of sampled pages: JSON-LD where it is stated, else places that show the same.

What belongs here: what extraction finds by itself on the samples, and selectors that find the same. What does
not: proposing selectors from known values (extract/induction).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.authoring.reading import Seen
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.extract.extraction import Extraction, Payload, joined
from webdata_assets.stages.extract.induction.induce import induce
from webdata_assets.stages.extract.induction.lost import MINIMAL_PAGES, Known
from webdata_assets.stages.extract.workers.pool import ExtractionPool

_SECONDS = 6.0
"""For selectors to be learnt in; without them extraction's own ways do."""
_LEAST_SHARE = 0.6
_LEAST_STATED = 0.3
"""Share of the samples on which a place states a value, for it to be one of several."""
_MOST_STATED = 2
_FEWEST_ALIKE = 3
"""Pages with one title, for it to be that of the site."""
_STATED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "article": {
        "title": ("headline", "name"),
        "author": ("author[0].name", "author.name"),
        "published_at": ("datePublished",),
        "image_url": ("image",),
    },
    "product": {
        "title": ("name",),
        "price": ("offers.price", "offers[0].price", "offers.lowPrice"),
        "currency": ("offers.priceCurrency", "offers[0].priceCurrency"),
        "sku": ("sku",),
        "brand": ("brand.name", "brand"),
        "availability": ("offers.availability", "offers[0].availability"),
        "rating": ("aggregateRating.ratingValue",),
        "image_url": ("image[0]", "image"),
    },
    "document": {"title": ("headline", "name")},
    "item": {},
}
"""Kind → field → where JSON-LD of that kind states it, as JMESPath."""
_LEARNT: Mapping[str, tuple[str, ...]] = {
    "article": ("title", "author", "published_at"),
    "product": ("title", "price", "currency", "sku", "brand"),
    "document": ("title",),
    "item": (),
}
"""Kind → fields whose places are learnt from the samples."""


@dataclass(frozen=True)
class Rule:
    """A field as it is proposed.

    Attributes:
        name: of the field.
        keys: `type` and the like, as the source file has them.
        selectors: keys of each selector, in the order in which they are tried.
        why: what was seen.
    """

    name: str
    keys: Mapping[str, Any]
    selectors: Sequence[Mapping[str, str]]
    why: str

    def as_yaml(self) -> Any:
        """Return the field's value in a source file."""
        if len(self.selectors) == 1:
            only = dict(self.selectors[0])
            return only["css"] if not self.keys and only.keys() == {"css"} else {**self.keys, **only}
        return {**self.keys, "from": [dict(selector) for selector in self.selectors]}


@dataclass(frozen=True)
class Found:
    """What a source gives on some pages.

    Attributes:
        pages: that were read.
        records: candidates that were made.
        good: records that were kept; the others are refused or left out.
        shares: field → share of the records that have it.
        hits: field → label → number of records.
        values: of the good records, by page.
    """

    pages: int
    records: int
    good: int
    shares: Mapping[str, float]
    hits: Mapping[str, Mapping[str, int]]
    values: Sequence[Known]


def trial(source: Source, payloads: Sequence[Payload], pool: ExtractionPool, date: dt.date) -> Found:
    """Return what a source gives on pages.

    Raises:
        PermanentError: CONFIGURATION, when a selector cannot be evaluated on any page.
    """
    extraction: Extraction = joined(pool.extract(source, payloads))
    records = clean(source, date, extraction).records
    total = len(extraction.candidates)
    names = {name for candidate in extraction.candidates for name in candidate.values}
    shares = {
        name: sum(name in candidate.values for candidate in extraction.candidates) / total for name in names
    }
    known = [
        Known(row["url"], row["ordinal"], {name: row[name] for name in names if row.get(name) is not None})
        for row in records.iter_rows(named=True)
    ]
    return Found(len(payloads), total, records.height, shares, extraction.selector_hits, known)


def learn_fields(
    plain: Source, samples: Sequence[Seen], own: Found, pool: ExtractionPool, date: dt.date
) -> list[Rule]:
    """Return rules for the fields of pages that are one record each.

    A field is proposed only where its selectors find it on as many samples as extraction does by itself.

    Args:
        plain: the source without fields.
        samples: pages to learn from.
        own: what the plain source gives on them.
        pool: reads pages.
        date: of today.
    """
    kind = plain.extract.kind
    payloads = [seen.payload for seen in samples]
    stated = {name: [{"jsonld": path} for path in paths] for name, paths in _STATED[kind].items()}
    hits = trial(_with(plain, stated), payloads, pool, date).hits if stated else {}
    learnt = _learn(plain, [*_LEARNT[kind]], own, payloads, pool)
    proposed = []
    for name in dict.fromkeys([*_STATED[kind], *learnt]):
        counts = hits.get(name, {})
        chosen: list[tuple[Mapping[str, str], str]] = []
        for keys in stated.get(name, ()):
            count = counts.get(Selector.model_validate(keys).label, 0)
            if count >= max(1, own.records * _LEAST_STATED) and len(chosen) < _MOST_STATED:
                chosen.append((keys, f"JSON-LD states it on {count} of {own.records} sampled pages"))
        shown = [(selector.model_dump(exclude_none=True), why) for selector, why in learnt.get(name, ())]
        chosen += [(keys, why) for keys, why in shown if "jsonld" not in keys][:1]
        if chosen:
            why = "; ".join(why for _, why in chosen)
            proposed.append(Rule(name, {}, [keys for keys, _ in chosen], why))
    if heading := _heading_instead(plain, own, payloads, pool, date):
        proposed = [heading, *(rule for rule in proposed if rule.name != "title")]
    others = _further(plain, samples, {*own.shares, *_STATED[kind]})
    return _as_good([*proposed, *others], plain, own, payloads, pool, date)


def _heading_instead(
    plain: Source, own: Found, payloads: Sequence[Payload], pool: ExtractionPool, date: dt.date
) -> Rule | None:
    """Return the first heading as the title, where what extraction takes for it is the same on all pages."""
    titles = {entry.values.get("title") for entry in own.values}
    if len(own.values) < _FEWEST_ALIKE or len(titles) > 1:
        return None
    tried = trial(_with(plain, {"title": "h1"}), payloads, pool, date)
    headings = {entry.values.get("title") for entry in tried.values}
    if len(headings) < 2 or tried.good < own.good:
        return None
    why = (
        f"The title in the head is the same on all {len(own.values)} sampled pages; the first heading differs"
    )
    return Rule("title", {}, [{"css": "h1"}], why)


def _as_good(
    rules: Sequence[Rule],
    plain: Source,
    own: Found,
    payloads: Sequence[Payload],
    pool: ExtractionPool,
    date: dt.date,
) -> list[Rule]:
    """Return the rules that find as much as extraction does by itself, and refuse no record that it keeps."""
    if not rules:
        return []
    tried = trial(_with(plain, {rule.name: rule.as_yaml() for rule in rules}), payloads, pool, date)
    if tried.good < own.good and len(rules) > 1:
        middle = len(rules) // 2
        halves = (rules[:middle], rules[middle:])
        return [rule for half in halves for rule in _as_good(half, plain, own, payloads, pool, date)]
    if tried.good < own.good:
        return []
    least = {rule.name: max(_LEAST_SHARE, own.shares.get(rule.name, 0)) for rule in rules}
    return [rule for rule in rules if tried.shares.get(rule.name, 0) >= least[rule.name]]


def _learn(
    plain: Source, names: Sequence[str], own: Found, payloads: Sequence[Payload], pool: ExtractionPool
) -> dict[str, list[tuple[Selector, str]]]:
    """Return the selectors by which samples show what extraction found on them by itself."""
    wanted = [name for name in names if own.shares.get(name, 0) >= _LEAST_SHARE]
    if len(payloads) < 2 * MINIMAL_PAGES or not wanted:
        return {}
    known = [entry.without_long_values(500, but=()) for entry in own.values]
    found = induce(plain, wanted, known, payloads, pool.run, seconds=_SECONDS)
    return {
        each.field: [
            (proposal.selector, f"learnt from {each.learnt_pages} sampled pages: {proposal.reason}")
            for proposal in each.proposals
        ]
        for each in found
        if each.proposals and not each.is_constant
    }


def _further(plain: Source, samples: Sequence[Seen], taken: set[str]) -> list[Rule]:
    """Return rules for the properties that most samples state beside those that are known."""
    counts: dict[tuple[str, str, str, str], list[str]] = {}
    for seen in samples:
        looked = seen.look.get("properties", {})
        for entry in looked.get(plain.extract.kind) or looked.get("item", []):
            key = (entry["name"], entry["type"], entry["path"], entry["schema_type"])
            counts.setdefault(key, []).append(entry["sample"])
    rules: list[Rule] = []
    for (name, value_type, path, schema_type), examples in counts.items():
        if name in taken or len(examples) < _LEAST_SHARE * len(samples):
            continue
        taken.add(name)
        keys = {} if value_type == "text" else {"type": value_type}
        selector = {"jsonld": path, "schema_type": schema_type}
        why = f"{schema_type} states it on {len(examples)} of {len(samples)} pages, such as {examples[0]!r}"
        rules.append(Rule(name, {**keys, "on_invalid": "missing"} if keys else keys, [selector], why))
    return rules


def _with(plain: Source, fields: Mapping[str, Any]) -> Source:
    values = plain.model_dump(mode="json", by_alias=True, exclude_unset=True)
    rules = {name: {"from": rule} if isinstance(rule, list) else rule for name, rule in fields.items()}
    values["extract"]["fields"] = {**values["extract"].get("fields", {}), **rules}
    values["extract"]["content"] = "fast"  # the text is not what is tried
    return Source.model_validate(values)
