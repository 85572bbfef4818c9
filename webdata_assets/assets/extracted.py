"""What the UI is told of an extraction: fields that are missing most, and ways from what was put aside to it.

What belongs here: metadata of records and quarantine. What does not: extraction, cleaning, and fields whose
selectors no longer match (selector_rot.py).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from webdata_assets.assets.tables import table
from webdata_assets.schemas.records import RECORDS
from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.cleaner import Cleaned
from webdata_assets.stages.observe.completeness import field_shares

_SHOWN_FIELDS = 15
_SHOWN_QUARANTINED = 10
PAYLOAD_COMMAND = "webdata payload"
"""Followed by the first digits of a hash, it writes the bytes that a record was extracted from."""
_HASH_DIGITS = 16


def about_records(source: Source, cleaned: Cleaned) -> Mapping[str, Any]:
    """Return the metadata of records: duplicates, fields by completeness, and what selectors matched."""
    declared = dict.fromkeys([*source.extract.fields, *source.expect.completeness])
    columns = sorted(STRUCTURED_FIELDS & set(RECORDS.polars_schema))
    shares = field_shares(cleaned.records, cleaned.quarantine, list(dict.fromkeys([*declared, *columns])))
    known = {field: share for field, share in shares.items() if share > 0 or field in declared}
    fields = [
        {"field": field, "found_share": round(share, 4), "declared": "yes" if field in declared else ""}
        for field, share in sorted(known.items(), key=lambda entry: (entry[1], entry[0]))
    ]
    hits = [
        {"field": field, "selector": selector, "matches": matches}
        for field, selectors in sorted(cleaned.selector_hits.items())
        for selector, matches in selectors.items()
    ]
    least = [share for field, share in known.items() if field in declared]
    return {
        "duplicates": cleaned.records["duplicate_of"].is_not_null().sum(),
        **({"least_declared_field_share": min(least)} if least else {}),
        **table("worst_fields", pl.DataFrame(fields[:_SHOWN_FIELDS])),
        **(table("selector_matches", pl.DataFrame(hits)) or {"selector_matches": "none"}),
    }


def about_quarantine(quarantine: pl.DataFrame) -> Mapping[str, Any]:
    """Return how many records and pages were put aside, by disposition and by rule, and a sample.

    The sample takes the rules in turn. Its rows name the page, and the command that shows the bytes.
    """
    counts = quarantine.group_by("disposition", "rule").agg(pl.struct("url", "ordinal").n_unique().alias("n"))
    refused = quarantine.filter(pl.col("disposition") == "refused")
    in_turn = pl.int_range(pl.len()).over("rule")
    shown = quarantine.sort(in_turn, maintain_order=True).head(_SHOWN_QUARANTINED)
    digits = pl.col("payload_hash").str.head(_HASH_DIGITS)
    payload = pl.concat_str(pl.lit(PAYLOAD_COMMAND), digits, separator=" ")
    about: dict[str, Any] = {
        "quarantined_records": refused.select("url", "ordinal").n_unique(),
        "filtered_records": quarantine.height - refused.height,
        **table(
            "sample",
            shown.with_columns(payload=payload).select("field", "value", "payload", "url", "reason"),
        ),
    }
    for disposition, name in (("refused", "refused_by_rule"), ("filtered", "dropped_by_reason")):
        rows = counts.filter(pl.col("disposition") == disposition).sort("n", "rule", descending=[True, False])
        about |= table(name, rows.select("rule", records="n"))
    return about
