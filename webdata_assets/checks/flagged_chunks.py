"""The check that keeps flagged records out of retrieval: what a search finds that was not asked for.

What belongs here: which chunks must not be found, and looking for them. What does not: flagging records
(stages/clean) and chunks (stages/index/chunk_rows.py).
"""

import numpy as np
import polars as pl

from webdata_assets.checks.check import Finding, Subject
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.stages.clean.pii import NOTHING_FOUND, search_personal_data
from webdata_assets.stages.index.index import ChunkFilter, Snapshot

PROBES = 20
"""Flagged chunks that are searched for by their own vectors."""
_DEPTH = 10
_VERSION = ["record_id", "source", "date"]


def flagged_chunks(subject: Subject) -> Finding:
    """Records with personal data, or with text for language models, stay out of retrieval by default.

    Formula: chunks of records that the corpus flags and a default search may find + chunks of a sample of 20
    of those out of its reach that it finds by their own vectors all the same = 0. A source that keeps
    personal data, or such texts, has allowed them; of one that redacts, chunks count in whose text personal
    data are found. Chunks of another version than the corpus's were judged with that version.
    Severity: blocks.
    Source: LLM01 (prompt injection) and LLM02 (sensitive information) of OWASP's Top 10 for LLM
    applications, 2025.
    """
    snapshot = subject.index.at()
    held = snapshot.rows(["chunk_id", *_VERSION, "pii", "injection"])
    kept_back = _kept_back(subject, held)
    exposed = kept_back.filter(
        (pl.col("personal") & ~pl.col("pii")) | (pl.col("addressed") & ~pl.col("injection"))
    )["chunk_id"]
    if len(exposed):
        exposed = _still_personal(
            subject, snapshot, kept_back.filter(pl.col("chunk_id").is_in(exposed.implode()))
        )
    out_of_reach = held.filter(pl.col("pii") | pl.col("injection"))["chunk_id"]
    found = _found_anyway(snapshot, out_of_reach)
    wrong = len(exposed) + len(found)
    shown = next(iter([*exposed, *found]), None)
    return Finding(
        wrong == 0,
        value=wrong,
        threshold=0,
        detail=f"{len(exposed)} chunks not flagged, {len(found)} found though they are, such as {shown}: "
        "materialize vector_index again" if wrong else None,
        metrics={"out_of_reach": float(len(out_of_reach)), "of_flagged_records": float(kept_back.height)},
    )  # fmt: skip


def _kept_back(subject: Subject, held: pl.DataFrame) -> pl.DataFrame:
    """Return the chunks of records that the corpus flags, with why, unless their source allows it."""
    policies = {name: source.clean for name, source in subject.sources.items()}
    pii_kept = [name for name, policy in policies.items() if policy.pii == "keep"]
    injection_kept = [name for name, policy in policies.items() if policy.injection == "keep"]
    records = subject.rows_of(CORPUS).select(
        *_VERSION,
        personal=(pl.col("pii").fill_null(NOTHING_FOUND) != NOTHING_FOUND)
        & ~pl.col("source").is_in(pii_kept),
        addressed=(pl.col("injection_flags").list.len().fill_null(0) > 0)
        & ~pl.col("source").is_in(injection_kept),
    )
    return held.join(records.filter(pl.col("personal") | pl.col("addressed")), on=_VERSION)


def _still_personal(subject: Subject, snapshot: Snapshot, exposed: pl.DataFrame) -> pl.Series:
    """Return the ids of exposed chunks, without those whose source has redacted what was personal in them."""
    redacting = [name for name, source in subject.sources.items() if source.clean.pii == "redact"]
    redacted = exposed.filter(
        pl.col("source").is_in(redacting), ~(pl.col("addressed") & ~pl.col("injection"))
    )
    if redacted.is_empty():
        return exposed["chunk_id"]
    texts = snapshot.rows(["chunk_id", "title", "context", "text"]).join(redacted, on="chunk_id", how="semi")
    _, found = search_personal_data(texts.select("title", "context", "text"))
    harmless = texts.filter(found.fill_null(NOTHING_FOUND) == NOTHING_FOUND)["chunk_id"]
    return exposed.filter(~pl.col("chunk_id").is_in(harmless.implode()))["chunk_id"]


def _found_anyway(snapshot: Snapshot, out_of_reach: pl.Series) -> list[str]:
    """Return those of a sample of chunks that a default search for their own vectors finds."""
    if out_of_reach.is_empty():
        return []
    probes = out_of_reach.sample(min(PROBES, len(out_of_reach)), seed=0)
    vectors = snapshot.rows(["chunk_id", "vector"]).filter(pl.col("chunk_id").is_in(probes.implode()))
    found = set()
    for vector in vectors["vector"]:
        nearest = snapshot.nearest(np.asarray(vector, dtype=np.float32), _DEPTH, ChunkFilter())
        found |= set(nearest["chunk_id"])
    return sorted(found & set(out_of_reach))
