"""What is said of a clean record's text, and which records a source leaves out for it.

What belongs here: the order of the looks, and the reasons to drop. What does not: the looks themselves (the
modules named after them), validation and duplicates (cleaner.py).
"""

import polars as pl

from webdata_assets.sources.clean import Clean
from webdata_assets.stages.clean.injection import injection_flags
from webdata_assets.stages.clean.language import detect_languages
from webdata_assets.stages.clean.normalise import normalise_language
from webdata_assets.stages.clean.pii import NOTHING_FOUND, search_personal_data
from webdata_assets.stages.clean.quality.rules import quality_flags
from webdata_assets.stages.clean.tokens import count_tokens

TEXT_COLUMNS = ("title", "text", "structured_text", "description")
"""Columns whose words a reader or a model may be given: searched for personal data and injections."""

PERSONAL_COLUMNS = (
    *TEXT_COLUMNS, "author", "site_name", "category", "brand", "breadcrumbs", "availability", "language",
    "currency", "extra",
)  # fmt: skip
"""Columns that are searched for personal data: all texts, since a value that is refused may be any text.
Identifiers and URLs stay as they are."""


def enrich(records: pl.DataFrame, policy: Clean) -> pl.DataFrame:
    """Return the same rows and columns with what was found in their texts.

    Fills `detected_language`, `language_confidence`, `tokens`, `quality_flags`, `pii` and `injection_flags`,
    each null where the policy asks not to look or there is no text. Where it asks to redact, personal data
    are replaced by their kinds first, so that every other column speaks of the text that is stored.

    Raises:
        PermanentError: CONFIGURATION, when the policy excepts a quality rule that does not exist.
    """
    nothing = {name: pl.lit(None, dtype) for name, dtype in _FOUND.items()}
    found: dict[str, pl.Series | pl.Expr] = dict(nothing)
    if policy.injection != "keep":
        found["injection_flags"] = injection_flags(records.select(TEXT_COLUMNS))
    if policy.pii != "keep":
        redacted, found["pii"] = search_personal_data(records.select(PERSONAL_COLUMNS), of_json=("extra",))
        if policy.pii == "redact":
            records = records.with_columns(redacted)
    text = records["text"]
    languages = detect_languages(text)
    found |= {name: languages[name] for name in languages.columns}
    found["tokens"] = count_tokens(text)
    if policy.quality.action != "keep":
        found["quality_flags"] = quality_flags(text, languages["detected_language"], policy.quality)
    return records.with_columns(**found)


def filtered(records: pl.DataFrame, policy: Clean) -> pl.Series:
    """Return for each enriched record why the policy leaves it out, or null where it is kept.

    Reasons are `language`, `quality:` and the first broken rule, `pii` and `injection`; the first in this
    order counts.
    """
    reasons = [pl.lit(None, pl.String)]
    if policy.languages.keep:
        wanted = [normalise_language(code) for code in policy.languages.keep]
        known = pl.col("language_confidence") >= policy.languages.min_confidence
        reasons.append(_reason("language", known & ~pl.col("detected_language").is_in(wanted)))
    if policy.quality.action == "drop":
        first = pl.col("quality_flags").list.get(0, null_on_oob=True)
        reasons.append(pl.concat_str(pl.lit("quality:"), first))
    if policy.pii == "drop":
        reasons.append(_reason("pii", pl.col("pii") != NOTHING_FOUND))
    if policy.injection == "drop":
        reasons.append(_reason("injection", pl.col("injection_flags").list.len() > 0))
    return records.with_columns(reason=pl.coalesce(reasons))["reason"]


def _reason(name: str, breaks: pl.Expr) -> pl.Expr:
    return pl.when(breaks).then(pl.lit(name))


_FOUND: dict[str, pl.DataType | type[pl.DataType]] = {
    "detected_language": pl.String,
    "language_confidence": pl.Float64,
    "tokens": pl.Int32,
    "quality_flags": pl.List(pl.String),
    "pii": pl.String,
    "injection_flags": pl.List(pl.String),
}
