"""Candidates → clean records and quarantine: each candidate ends in exactly one of the two.

What belongs here: the order of the looks, and the split. What does not: how values are normalised
(drafts.py), what is said of a text (enrich.py), which texts are alike (dedup/), and the rules of a record
(schemas/records).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.records import Records
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.drafts import Drafts, Place, content_hashes, draft, fields_of
from webdata_assets.stages.clean.enrich import PERSONAL_COLUMNS, enrich, filtered
from webdata_assets.stages.clean.quarantine import Quarantined
from webdata_assets.stages.clean.reasons import Refusal, refusal_of_filter, refusal_of_rule
from webdata_assets.stages.clean.repeated import without_repeated_paragraphs
from webdata_assets.stages.dedup import duplicates_within
from webdata_assets.stages.extract.extraction import joined_hits
from webdata_assets.stages.extract.extractor import Extraction, extractor_version

_RECORDS = TABLES["records"]
_PARAGRAPHED = ("text", "structured_text")
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Cleaned:
    """What became of an extraction.

    Attributes:
        records: rows of the records table, by record id.
        quarantine: rows of the quarantine table: one per refused record and broken rule, one per filtered
            record, one per page that could not be extracted.
        extracted: the number of candidates: records plus distinct quarantined (url, ordinal >= 0).
        selector_hits: as of Extraction, of all pages.
    """

    records: pl.DataFrame
    quarantine: pl.DataFrame
    extracted: int
    selector_hits: dict[str, dict[str, int]] = field(default_factory=dict)


def clean(source: Source, date: dt.date, extraction: Extraction) -> Cleaned:
    """Clean what was extracted at once; see `clean_batches`."""
    return clean_batches(source, date, [extraction])


def clean_batches(source: Source, date: dt.date, extractions: Iterable[Extraction]) -> Cleaned:
    """Normalise, validate, filter and deduplicate what was extracted from one partition's pages.

    Batches are taken one after the other, and rows of the tables are all that is kept of them. The result
    depends on the candidates alone, not on their order nor on the batches that they come in.

    A record is refused with every reason: values that are not of their type (`type`), missing fields
    (`required`), rules of the records schema, and a key that an earlier record by (url, ordinal) has
    (`duplicate_key`). Unreadable pages are refused as `extract` with ordinal -1. A valid record that the
    source's `clean` section leaves out is filtered, for the first reason that holds.

    Raises:
        ValueError: two candidates with the same url and ordinal, which is a bug of the caller.
        PermanentError: CONFIGURATION, as `enrich` raises it.
    """
    cleaning = _Cleaning(source, Quarantined(date, source.name, redacts=source.clean.pii == "redact"))
    drafts = _drafts(source, date, cleaning.noted(extractions))
    if source.clean.repeated_paragraphs == "remove":
        # which paragraphs repeat, only all records together can tell
        drafts = _without_repeated_paragraphs(list(drafts))
    for batch in drafts:
        cleaning.judge(batch)
    return cleaning.finish()


@dataclass
class _Cleaning:
    """The state of cleaning one partition, which is rows of its tables."""

    source: Source
    quarantine: Quarantined
    good: list[pl.DataFrame] = field(default_factory=lambda: [_RECORDS.empty()])
    places: list[pl.DataFrame] = field(default_factory=list)
    hits: list[Mapping[str, Mapping[str, int]]] = field(default_factory=list)

    def noted(self, extractions: Iterable[Extraction]) -> Iterator[Extraction]:
        """Note what concerns pages and not their candidates."""
        for extraction in extractions:
            self.hits.append(extraction.selector_hits)
            self.quarantine.put_pages(extraction.failures)
            yield extraction

    def judge(self, drafts: Drafts) -> None:
        """Enrich a batch, and part the good rows from those that are refused or filtered."""
        policy = self.source.clean
        rows = _rehashed(enrich(drafts.rows, policy), drafts.rows)
        places = list(rows.select("url", "ordinal").iter_rows())
        self.places.append(rows.select("url", "ordinal"))
        refusals = _refusals(drafts, rows)
        is_refused = pl.Series([place in refusals for place in places], dtype=pl.Boolean)
        reasons = filtered(rows, policy)
        is_filtered = ~is_refused & reasons.is_not_null()
        self.quarantine.put(rows.filter(is_refused), refusals)
        self._filter(rows.filter(is_filtered), reasons.filter(is_filtered))
        self.good.append(rows.filter(~is_refused & ~is_filtered))

    def finish(self) -> Cleaned:
        """Look at all good rows together: keys that two of them have, and texts that are alike."""
        if self.places and pl.concat(self.places).is_duplicated().any():
            raise ValueError("two candidates have the same url and ordinal")
        rows = self._with_distinct_keys(pl.concat(self.good).sort("url", "ordinal"))
        rows = self._without_duplicates(rows)
        return Cleaned(
            rows.sort("record_id"),
            self.quarantine.frame(),
            sum(places.height for places in self.places),
            joined_hits(self.hits),
        )

    def _with_distinct_keys(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Refuse records whose id an earlier one has; rows come by (url, ordinal)."""
        is_first = rows["record_id"].is_first_distinct()
        repeated = rows.filter(~is_first)
        if repeated.is_empty():
            return rows
        rows = rows.filter(is_first)
        kept = rows.join(repeated, on="record_id", how="semi").select("record_id", "url", "ordinal")
        first = {record_id: (url, ordinal) for record_id, url, ordinal in kept.iter_rows()}
        key = self.source.extract.key
        self.quarantine.put(
            repeated,
            {
                (row["url"], row["ordinal"]): [_repeated_key(key, row, first[row["record_id"]])]
                for row in repeated.iter_rows(named=True)
            },
        )
        return rows

    def _without_duplicates(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Point each record at the first one that has nearly its text, or filter it, as the source says."""
        policy = self.source.clean.duplicates
        if policy.action == "keep":
            return rows
        found = duplicates_within(rows.select("record_id", "text", "url", "ordinal"), policy.similarity)
        rows = rows.drop("duplicate_of", "similarity").join(found, on="record_id", how="left")
        rows = rows.select(list(_RECORDS.polars_schema))
        if policy.action == "flag":
            return rows
        is_duplicate = rows["duplicate_of"].is_not_null()
        duplicates = rows.filter(is_duplicate)
        self._filter(duplicates, pl.repeat("duplicate", duplicates.height, dtype=pl.String, eager=True))
        return rows.filter(~is_duplicate)

    def _filter(self, rows: pl.DataFrame, reasons: pl.Series) -> None:
        refusals = {
            (row["url"], row["ordinal"]): [refusal_of_filter(reason, row)]
            for row, reason in zip(rows.iter_rows(named=True), reasons, strict=True)
        }
        self.quarantine.put(rows, refusals)


def _drafts(source: Source, date: dt.date, extractions: Iterable[Extraction]) -> Iterator[Drafts]:
    version = extractor_version(source)
    for extraction in extractions:
        for start in range(0, len(extraction.candidates), _ROWS_AT_ONCE):
            yield draft(source, date, version, extraction.candidates[start : start + _ROWS_AT_ONCE])


def _without_repeated_paragraphs(drafts: Sequence[Drafts]) -> Iterator[Drafts]:
    """Yield drafts whose texts lack what most of them repeat."""
    if not drafts:
        return
    before = pl.concat([batch.rows for batch in drafts])
    rows = before.with_columns(without_repeated_paragraphs(before[name]) for name in _PARAGRAPHED)
    refusals = {place: found for batch in drafts for place, found in batch.refusals.items()}
    for part in _rehashed(rows, before).iter_slices(_ROWS_AT_ONCE):
        yield Drafts(part, refusals)


def _rehashed(rows: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose content hash is that of the content they have now."""
    changed = pl.any_horizontal(rows[name].ne_missing(before[name]) for name in PERSONAL_COLUMNS)
    is_changed = rows.select(changed).to_series()
    if not is_changed.any():
        return rows
    hashes = rows["content_hash"].scatter(is_changed.arg_true(), content_hashes(rows.filter(is_changed)))
    return rows.with_columns(hashes)


def _refusals(drafts: Drafts, rows: pl.DataFrame) -> dict[Place, list[Refusal]]:
    """Return what speaks against rows: what their drafts say, and each rule of the schema that they break."""
    refusals = {place: list(found) for place, found in drafts.refusals.items()}
    _, failure = Records.filter(rows)
    details = failure.details()
    columns = set(_RECORDS.polars_schema)
    rules = [name for name in details.columns if name not in columns]
    for row in details.iter_rows(named=True):
        found = refusals.setdefault((row["url"], row["ordinal"]), [])
        if not any(refusal.disposition == "filtered" for refusal in found):
            found += [refusal_of_rule(rule, row) for rule in rules if row[rule] == "invalid"]
    return refusals


def _repeated_key(key: Sequence[str], row: Mapping[str, object], first: Place) -> Refusal:
    fields = fields_of(row)
    reason = f"same {', '.join(key)} as item {first[1]} of {first[0]}: `extract.key` needs fields that differ"
    return Refusal("duplicate_key", key[0] if len(key) == 1 else None, reason, [fields[name] for name in key])
