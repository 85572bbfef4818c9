"""Fields that their selectors no longer find: noticed while records are made, and answered with a proposal.

What belongs here: which fields, what is asked of the store and of the workers, and what the UI is told. What
does not: how a selector is induced (stages/extract/induction).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from webdata_assets.assets.tables import table
from webdata_assets.errors import WebdataError
from webdata_assets.partitions import Partition
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import Cleaned
from webdata_assets.stages.extract.extraction import NO_HIT
from webdata_assets.stages.extract.induction.induce import Run, choose_pages, induce
from webdata_assets.stages.extract.induction.lost import Induced, LostField
from webdata_assets.stages.observe.completeness import field_shares, least_share, present, refused_records
from webdata_assets.store import Store
from webdata_assets.store.last_records import last_shares, last_values
from webdata_assets.store.payloads import Payloads
from webdata_assets.store.selector_proposals import COMMAND, tried_selectors

_PLACES_LOOKED_UP = 300
_SAMPLE_URLS = 3
_LONGEST_SIBLING = 300
"""Characters of another field's value that helps to tell a record's own place on its page."""


def find_lost_fields(
    store: Store, source: Source, partition: Partition, cleaned: Cleaned, pages: pl.LazyFrame, run: Run
) -> list[LostField]:
    """Return the fields whose share fell below what is wanted because their selectors hit too few records.

    A failure of the induction is the reason of a field without a proposal; a bug is raised.
    """
    shares = _lost_shares(store, source, partition, cleaned)
    if not shares:
        return []
    lacking = {name: _lacking(cleaned, name) for name in shares}
    induced = _proposals(store, source, partition, lacking, pages, run)
    return [
        LostField(
            field=name,
            selectors=tried_selectors(source, name),
            found_share=share,
            pages=lacking[name]["url"].n_unique(),
            sample_urls=lacking[name]["url"].unique().sort().head(_SAMPLE_URLS).to_list(),
            induced=induced[name],
        )
        for name, share in shares.items()
    ]


def about_lost_fields(source: Source, lost: Sequence[LostField]) -> Mapping[str, Any]:
    """Return the metadata `SelectorNotFound`: a table in which crawled strings are cells, never Markdown."""
    if not lost:
        return {}
    rows = [_told(source, field) for field in lost]
    return table("SelectorNotFound", pl.DataFrame(rows))


def _told(source: Source, field: LostField) -> dict[str, object]:
    best = field.induced.proposals[0] if field.induced.proposals else None
    urls = [*field.sample_urls, *[""] * _SAMPLE_URLS]
    # what to do stands first: the UI shows as many columns as fit
    return {
        "field": field.field,
        "found_share": round(field.found_share, 4),
        "proposal": best.selector.label if best else "none",
        "support": round(best.support, 4) if best else 0.0,
        "next": f"{COMMAND} {source.name} {field.field}" if best else f"patch extract.fields.{field.field}",
        "state": "awaiting patch and replay",
        "selectors": ", ".join(field.selectors),
        "pages_without": field.pages,
        "held_out_pages": field.induced.held_out_pages,
        "reason": field.induced.reason,
        "source": source.name,
        **{f"sample_url_{number}": urls[number - 1] for number in range(1, _SAMPLE_URLS + 1)},
    }


def _lost_shares(store: Store, source: Source, partition: Partition, cleaned: Cleaned) -> dict[str, float]:
    """Return the lost fields with their share of the extracted records."""
    hits = {name: _hit_share(cleaned.selector_hits.get(name, {})) for name in _watched(source)}
    unhit = [name for name, share in hits.items() if share < 1]
    if source.extract.python is not None or not unhit:
        return {}
    shares = {**hits, **field_shares(cleaned.records, cleaned.quarantine, unhit)}
    before = last_shares(store, partition, unhit)
    lost = {}
    for name in unhit:
        least = least_share(source.expect, name, before.get(name), cleaned.extracted)
        if least is not None and max(shares[name], hits[name]) < least:
            lost[name] = shares[name]
    return lost


def _watched(source: Source) -> list[str]:
    return list(dict.fromkeys([*source.extract.fields, *source.expect.completeness]))


def _hit_share(hits: Mapping[str, int]) -> float:
    total = sum(hits.values())
    return 1 - hits.get(NO_HIT, 0) / total if total else 1.0


def _lacking(cleaned: Cleaned, field: str) -> pl.DataFrame:
    """Return `url`, `ordinal` and `record_id` of the records without a field, kept, refused or left out."""
    kept = cleaned.records.filter(~present(cleaned.records, field)).select("url", "ordinal", "record_id")
    refused = refused_records(cleaned.quarantine)
    refused = refused.filter(~refused["record"].str.json_path_match(f"$.{field}").is_not_null())
    left_out = cleaned.quarantine.filter(pl.col("rule") == f"missing:{field}")
    aside = pl.concat([refused, left_out]).select("url", "ordinal", record_id=pl.lit(None, pl.String))
    return pl.concat([kept, aside]).unique(["url", "ordinal"]).sort("url", "ordinal")


def _proposals(
    store: Store,
    source: Source,
    partition: Partition,
    lacking: Mapping[str, pl.DataFrame],
    pages: pl.LazyFrame,
    run: Run,
) -> dict[str, Induced]:
    places = pl.concat(lacking.values()).unique(["url", "ordinal"])
    chosen = choose_pages(places["url"], most=_PLACES_LOOKED_UP)
    places = places.filter(pl.col("url").is_in(chosen)).sort("url", "ordinal")
    known = last_values(
        store, partition, places, [*_watched(source)], are_items=source.extract.items is not None
    )
    known = [entry.without_long_values(_LONGEST_SIBLING, but=lacking) for entry in known]
    urls = choose_pages(entry.url for entry in known)
    payloads = list(Payloads.of_pages(pages.filter(pl.col("url").is_in(urls))))
    try:
        found = induce(source, list(lacking), known, payloads, run)
    except WebdataError as error:
        failed = f"no selector could be looked for: {error}"
        return {name: Induced(name, (), 0, 0, failed) for name in lacking}
    return {induced.field: induced for induced in found}
