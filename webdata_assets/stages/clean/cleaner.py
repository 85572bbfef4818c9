"""Candidates → clean records and quarantine: each candidate ends in exactly one of the two.

What belongs here: the order of the checks, and the split. What does not: how values are normalised
(normalise.py, columns.py), or what a rule says (schemas/records).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.records import Records
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.columns import CONTENT_COLUMNS, to_column
from webdata_assets.stages.clean.identity import canonical_json, content_hash, record_id, text_hash
from webdata_assets.stages.clean.normalise import fold
from webdata_assets.stages.clean.reasons import PAGE_ORDINAL, Refusal, quarantine_row, refusal_of_rule
from webdata_assets.stages.extract.extractor import Candidate, Extraction, extractor_version
from webdata_assets.stages.extract.values import ConversionError

_RECORDS = TABLES["records"]
_QUARANTINE = TABLES["quarantine"]


@dataclass(frozen=True)
class Cleaned:
    """What became of an extraction.

    Attributes:
        records: rows of the records table, by record id.
        quarantine: rows of the quarantine table, one per refused record and broken rule.
        extracted: the number of candidates: records plus distinct quarantined (url, ordinal >= 0).
    """

    records: pl.DataFrame
    quarantine: pl.DataFrame
    extracted: int


@dataclass
class _Draft:
    """A candidate on its way: its normalised fields, its row, and what speaks against it."""

    candidate: Candidate
    fields: dict[str, object]
    row: dict[str, object]
    refusals: list[Refusal]


def clean(source: Source, date: dt.date, extraction: Extraction) -> Cleaned:
    """Normalise, validate and deduplicate what was extracted from one partition's pages.

    The result depends on the candidates alone, not on their order. A record is refused with every reason:
    values that are not of their type (`type`), missing fields (`required`), rules of the records schema, and
    a key that an earlier record by (url, ordinal) has (`duplicate_key`). Unreadable pages are refused as
    `extract` with ordinal -1.

    Raises:
        ValueError: two candidates with the same url and ordinal, which is a bug of the caller.
    """
    ordered = sorted(extraction.candidates, key=lambda candidate: (candidate.url, candidate.ordinal))
    version = extractor_version(source)
    drafts = {
        (candidate.url, candidate.ordinal): _draft(source, date, version, candidate) for candidate in ordered
    }
    if len(drafts) != len(ordered):
        raise ValueError("two candidates have the same url and ordinal")
    _refuse_by_schema(drafts)
    _refuse_duplicate_keys(source, drafts.values())
    kept = [draft.row for draft in drafts.values() if not draft.refusals]
    _mark_duplicates(kept)
    records = pl.DataFrame(kept, schema=_RECORDS.polars_schema, orient="row").sort("record_id")
    refused = _refused_rows(source, date, drafts.values(), extraction)
    quarantine = pl.DataFrame(refused, schema=_QUARANTINE.polars_schema, orient="row")
    return Cleaned(records, quarantine.sort(_QUARANTINE.key, nulls_last=True), len(ordered))


def _draft(source: Source, date: dt.date, version: str, candidate: Candidate) -> _Draft:
    refusals = [
        Refusal("type", error.field, f"{error.field}: {error.reason}", error.raw)
        for error in candidate.errors
    ]
    fields: dict[str, object] = {}
    for name, value in candidate.values.items():
        try:
            if (clean_value := to_column(name, value)) is not None:
                fields[name] = clean_value
        except ConversionError as error:
            refusals.append(Refusal("type", name, f"{name}: {error.reason}", error.raw))
    fields.setdefault("url", candidate.url)
    ill_typed = {refusal.field for refusal in refusals}
    needed = dict.fromkeys([*source.expect.required, *source.extract.key])
    refusals.extend(
        Refusal("required", name, f"{name} is missing, and the source requires it")
        for name in needed
        if name not in fields and name not in ill_typed
    )
    content = {name: fields[name] for name in CONTENT_COLUMNS if name in fields}
    extra = {name: value for name, value in fields.items() if name not in content}
    if extra["url"] == candidate.url:
        del extra["url"]
    row = {
        **dict.fromkeys(_RECORDS.polars_schema),
        **content,
        **candidate.derived,
        "date": date,
        "source": source.name,
        "record_id": record_id(source.name, {name: fields.get(name) for name in source.extract.key}),
        "kind": source.extract.kind,
        "url": candidate.url,
        "ordinal": candidate.ordinal,
        "extra": canonical_json(extra).decode(),
        "content_hash": content_hash({**content, "extra": extra}),
        "payload_hash": candidate.payload_hash,
        "payload_date": candidate.payload_date,
        "extractor": version,
    }
    return _Draft(candidate, fields, row, refusals)


def _refuse_by_schema(drafts: dict[tuple[str, int], _Draft]) -> None:
    """Add one refusal for each rule of the records schema that a draft breaks."""
    rows = [draft.row for draft in drafts.values()]
    _, failure = Records.filter(pl.DataFrame(rows, schema=_RECORDS.polars_schema, orient="row"))
    details = failure.details()
    rules = [name for name in details.columns if name not in _RECORDS.polars_schema]
    for verdict in details.select("url", "ordinal", *rules).iter_rows(named=True):
        draft = drafts[verdict["url"], verdict["ordinal"]]
        draft.refusals.extend(
            refusal_of_rule(rule, draft.row) for rule in rules if verdict[rule] == "invalid"
        )


def _refuse_duplicate_keys(source: Source, drafts: Iterable[_Draft]) -> None:
    """Refuse good records whose id an earlier good one has; drafts come by (url, ordinal)."""
    first: dict[object, Candidate] = {}
    for draft in drafts:
        if draft.refusals:
            continue
        kept = first.setdefault(draft.row["record_id"], draft.candidate)
        if kept is not draft.candidate:
            names = ", ".join(source.extract.key)
            key = [draft.fields[name] for name in source.extract.key]
            reason = (
                f"same {names} as item {kept.ordinal} of {kept.url}: `extract.key` needs fields that differ"
            )
            field = source.extract.key[0] if len(source.extract.key) == 1 else None
            draft.refusals.append(Refusal("duplicate_key", field, reason, key))


def _mark_duplicates(rows: list[dict[str, object]]) -> None:
    """Point each record at the first one by (url, ordinal) with the same text but for case and spacing."""
    first: dict[str, object] = {}
    for row in rows:
        if isinstance(row["text"], str):
            original = first.setdefault(text_hash(fold(row["text"])), row["record_id"])
            row["duplicate_of"] = original if original != row["record_id"] else None


def _refused_rows(
    source: Source, date: dt.date, drafts: Iterable[_Draft], extraction: Extraction
) -> list[dict[str, object]]:
    rows = [
        quarantine_row(
            refusal,
            date=date,
            source=source.name,
            url=draft.candidate.url,
            ordinal=draft.candidate.ordinal,
            fields=draft.fields,
            payload_hash=draft.candidate.payload_hash,
            payload_date=draft.candidate.payload_date,
        )
        for draft in drafts
        for refusal in draft.refusals
    ]
    rows.extend(
        quarantine_row(
            Refusal("extract", None, failure.reason),
            date=date,
            source=source.name,
            url=failure.url,
            ordinal=PAGE_ORDINAL,
            fields={},
            payload_hash=failure.payload_hash,
            payload_date=failure.payload_date,
        )
        for failure in extraction.failures
    )
    return rows
