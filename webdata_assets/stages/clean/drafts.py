"""Candidates → rows of the records table as they would be stored, each with what speaks against it so far.

What belongs here: the row of a candidate, and a candidate's fields back from its row. What does not: rules on
whole rows and on many of them (cleaner.py).
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson
import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.sources.model import Source
from webdata_assets.stages.clean.columns import CONTENT_COLUMNS, to_column
from webdata_assets.stages.clean.identity import canonical_json, content_hash, record_id
from webdata_assets.stages.clean.reasons import Refusal
from webdata_assets.stages.extract.extractor import Candidate
from webdata_assets.stages.extract.values import ConversionError

_RECORDS = TABLES["records"]

Place = tuple[str, int]
"""URL and ordinal: where a candidate was found."""


@dataclass(frozen=True)
class Drafts:
    """Some candidates on their way.

    Attributes:
        rows: one per candidate, with the columns of the records table; not yet validated.
        refusals: place → reasons of those whose values are missing or not of their type.
    """

    rows: pl.DataFrame
    refusals: dict[Place, list[Refusal]]


def draft(source: Source, date: dt.date, version: str, candidates: Sequence[Candidate]) -> Drafts:
    """Normalise the values of candidates: a row each, and refusals by the rules `type` and `required`."""
    columns: dict[str, list[object]] = {name: [] for name in _RECORDS.polars_schema}
    refusals: dict[Place, list[Refusal]] = {}
    for candidate in candidates:
        fields, refused = _fields(source, candidate)
        row = _row(source, date, version, candidate, fields)
        for name, values in columns.items():
            values.append(row.get(name))
        if refused:
            refusals[candidate.url, candidate.ordinal] = refused
    return Drafts(pl.DataFrame(columns, schema=_RECORDS.polars_schema), refusals)


def fields_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a row: those with a column of their own, those in `extra`, and the URL."""
    content = {name: row[name] for name in CONTENT_COLUMNS if row[name] is not None}
    extra = json.loads(str(row["extra"]), parse_float=Decimal)
    return {"url": row["url"], **content, **extra}


def content_hashes(rows: pl.DataFrame) -> pl.Series:
    """Return the hash of each row's content, as a draft has it, for rows whose content was changed since."""
    hashes = []
    for row in rows.select("extra", *CONTENT_COLUMNS).iter_rows(named=True):
        extra = orjson.Fragment(row.pop("extra").encode())
        hashes.append(content_hash({**row, "extra": extra}))
    return pl.Series("content_hash", hashes, dtype=pl.String)


def _fields(source: Source, candidate: Candidate) -> tuple[dict[str, object], list[Refusal]]:
    """Return a candidate's normalised fields, and what is wrong or missing."""
    refusals = [Refusal(error.rule, error.field, error.message, error.raw) for error in candidate.errors]
    fields: dict[str, object] = {}
    for name, value in candidate.values.items():
        try:
            if value is not None and (clean_value := to_column(name, value)) is not None:
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
    if (left_out := candidate.dropped) is not None:
        refusals = [Refusal(left_out.rule, left_out.field, left_out.message, left_out.raw, "filtered")]
    return fields, refusals


def _row(
    source: Source, date: dt.date, version: str, candidate: Candidate, fields: Mapping[str, object]
) -> dict[str, object]:
    content = {name: fields[name] for name in CONTENT_COLUMNS if name in fields}
    extra = {name: value for name, value in fields.items() if name not in content}
    if extra["url"] == candidate.url:
        del extra["url"]
    return {
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
