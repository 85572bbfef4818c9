"""From a survey to a source: `fetch`, `extract` and `expect`, each with what was seen.

What belongs here: putting the parts together and trying them on the samples. What does not: one part
(proposing_fetch.py, learning.py), and text (writing.py).
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from webdata_assets.sources.model import Source
from webdata_assets.stages.authoring.learning import Found, learn_fields, trial
from webdata_assets.stages.authoring.proposing_fetch import fetch_of, host_of_survey, pages_pattern
from webdata_assets.stages.authoring.record_fields import RecordRules, rules_of_records
from webdata_assets.stages.authoring.survey import Survey
from webdata_assets.stages.authoring.writing import Because, plain_of
from webdata_assets.stages.extract.workers.pool import ExtractionPool

Kind = Literal["article", "product", "document", "item"]
_ALWAYS = 0.95
_OFTEN = 0.8
_FEWEST = 3
_MARGIN = 0.15
_EXPECTED = ("title", "text", "price", "currency", "author", "published_at", "sku", "brand", "availability")
_KNOWN = frozenset({"url", "title", "text", "language", "published_at", "author"})
_OF_PRODUCTS = frozenset({"price", "currency", "sku", "brand", "availability"})
_SHOWN = ("title", "text", "author", "published_at", "language", "image_url", "price", "currency", "sku",
          "brand", "availability", "rating")  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """A source with its reasons.

    Attributes:
        values: of the file, see writing.py.
        source: the same, as a source.
        found: what it gives on the samples.
    """

    values: Mapping[str, Any]
    source: Source
    found: Found


def propose(
    survey: Survey, name: str, start: dt.date, pool: ExtractionPool, *, allow_private: bool
) -> Proposal:
    """Return the source that a survey suggests.

    Args:
        survey: of the site.
        name: of the source.
        start: its first date.
        pool: reads pages.
        allow_private: whether the source may reach loopback and private addresses.

    Raises:
        PermanentError: CONFIGURATION, when what was proposed cannot be evaluated.
        TransientError: RESOURCE, when no worker starts.
    """
    values: dict[str, Any] = {
        "name": name,
        "description": f"Pages of {host_of_survey(survey)}",
        "start": start,
        "cadence_hours": Because(24, "How often fresh data is due; a partition is stale at 1.5 times this."),
    }
    if allow_private:
        why = "Loopback and private addresses were allowed on the command line."
        values["allow_private"] = Because(True, why)
    values["fetch"] = fetch_of(survey)
    if survey.found_by in ("api", "records"):
        rules = rules_of_records(survey)
        values["extract"] = rules.extract
        values["expect"] = {"required": Because(list(rules.key), "What identifies a record must be there.")}
        return _tried(values, survey, pool, start, rules)
    kind, why = _kind_of(survey)
    extract: dict[str, Any] = {"kind": Because(kind, why)}
    if pattern := pages_pattern(survey):
        extract["pages"] = Because(pattern, "Lists and other pages on the way hold no records.")
    values["extract"] = extract
    plain = Source.model_validate(plain_of(values))
    payloads = [seen.payload for seen in survey.samples]
    own = trial(plain, payloads, pool, start)
    if survey.is_readable:
        fields = learn_fields(plain, survey.samples, own, pool, start)
        if fields:
            extract["fields"] = {rule.name: Because(rule.as_yaml(), f"{rule.why}.") for rule in fields}
    return _tried(values, survey, pool, start, None, own)


def _tried(
    values: dict[str, Any],
    survey: Survey,
    pool: ExtractionPool,
    date: dt.date,
    rules: RecordRules | None,
    own: Found | None = None,
) -> Proposal:
    """Return the proposal with the expectations that the samples support."""
    source = Source.model_validate(plain_of(values))
    found = trial(source, [seen.payload for seen in survey.samples], pool, date)
    of_kind = _OF_PRODUCTS if source.extract.kind == "product" else frozenset()
    known = _KNOWN | set(source.extract.fields) | of_kind
    completeness = {}
    for name in dict.fromkeys([*_EXPECTED, *(rules.names if rules else ())]):
        share = found.shares.get(name, 0.0)
        least = _threshold(share, found.records)
        if name in known and least is not None:
            seen = f"On {round(share * found.records)} of {found.records} sampled records."
            completeness[name] = Because(least, seen)
    expect = dict(values.get("expect", {}))
    if completeness:
        expect["completeness"] = completeness
    if rules is None and found.records and found.shares.get("title", 0) < _OFTEN:
        required = [name for name in ("text", "url") if found.shares.get(name, 0) >= _OFTEN or name == "url"]
        expect["required"] = Because(required[:1], "Many sampled pages have no title.")
        if not completeness:
            expect["completeness"] = {}
    if expect:
        values["expect"] = Because(expect, "What must hold before anything downstream reads a partition.")
    if rules is None and own is not None and (told := _by_themselves(own, source)):
        values["extract"]["kind"] = Because(
            source.extract.kind, f"{values['extract']['kind'].why} Without a rule are found: {told}."
        )
    return Proposal(values, Source.model_validate(plain_of(values)), found)


def _threshold(share: float, records: int) -> float | None:
    """Return the completeness that a share of a few records supports; None where it supports none."""
    if share >= 1:
        return _ALWAYS if records >= _FEWEST else _OFTEN
    return math.floor((share - _MARGIN) * 20) / 20 if share >= _OFTEN else None


def _by_themselves(own: Found, source: Source) -> str:
    names = [name for name in _SHOWN if own.shares.get(name) and name not in source.extract.fields]
    return ", ".join(f"{name} ({round(own.shares[name] * own.records)} of {own.records})" for name in names)


def _kind_of(survey: Survey) -> tuple[Kind, str]:
    """Return what most of the sampled pages are, and what says so."""
    samples = survey.samples
    total = len(samples)
    products = sum(bool(seen.look.get("states_product")) for seen in samples)
    types = Counter(seen.page_type for seen in samples)
    stated = Counter(name for seen in samples for name in {pair[1] for pair in seen.look.get("types", ())})
    said = ", ".join(f"{name} on {count}" for name, count in stated.most_common(4))
    about = f"; they state the types {said}" if said else ""
    told = f"{total} {'page was' if total == 1 else 'pages were'} sampled{about}."
    if products * 2 >= total:
        return "product", f"{told} {products} state a product for sale."
    common, count = types.most_common(1)[0]
    articles = sum(count for name, count in stated.items() if name.endswith(("Article", "Posting")))
    if common == "documentation" or (survey.found_by == "links" and articles * 2 < total):
        why = f"{types['documentation']} have the structure of documentation, {articles} state an article."
        return "document", f"{told} {why}"
    if common is None:
        return "article", told
    return "article", f"{told} {count} have the structure of {common} pages."
