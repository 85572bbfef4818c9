"""Checks of what the texts of a partition say: copies, languages, quality, personal data, prompt injection.

What belongs here: shares of the valid records, those included that `clean` leaves out by the same rule. What
does not: finding any of it in a text (stages/clean, stages/dedup). All of them warn: records are flagged one
by one, and what must not be found by a search is judged where the index is (vector_index.py).
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.extracted import examined, left_out, places, quarantine_of, records_of
from webdata_assets.checks.limits import Limit, expected
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.clean.normalise import normalise_language
from webdata_assets.stages.clean.pii import NOTHING_FOUND
from webdata_assets.stages.observe.anomaly import baseline, state_of, training_days

ABOVE_HISTORY = 0.1
"""How far the share of records of low quality may rise without a limit of its own."""
USUAL_SHARE = 0.05
"""Mean share of the texts from which on a language is usual for a source."""
_TOLD = 3


def near_duplicate_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of near-duplicates."""
    return _limit(subject, "near_duplicates", looked=subject.declared.clean.duplicates.action != "keep")


def near_duplicates(subject: Subject) -> Finding:
    """Records say different things.

    Formula: records whose text is, or nearly is (`clean.duplicates.similarity`), that of another of the
    partition / valid records ≤ `expect.near_duplicates`.
    Default: 20 %.
    Severity: warns.
    Source: Lee et al., Deduplicating Training Data Makes Language Models Better (2022): 3 to 14 % of the
    examples of common web sets repeat another; the threshold lies above.
    """
    copies = records_of(subject).filter(pl.col("duplicate_of").is_not_null())
    by_original = copies.group_by("duplicate_of").len().sort("len", "duplicate_of", descending=[True, False])
    told = [f"{count} copies of {record}" for record, count in by_original.head(_TOLD).iter_rows()]
    metrics = {"clusters": float(by_original.height)}
    (limit,) = near_duplicate_limits(subject)
    return _share(subject, limit, copies.height, "duplicate", told, metrics)


def language_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of texts in other languages; none as long as no language is usual."""
    known = bool(_wanted_languages(subject))
    return _limit(subject, "other_languages", looked=known)


def languages(subject: Subject) -> Finding:
    """Texts are in the languages that they were in.

    Formula: texts in a language that is not in `clean.languages.keep`, or where that is empty, in one that
    less than 5 % of the texts of the last 14 days were in, on average / texts whose language is told with
    `clean.languages.min_confidence` ≤ `expect.other_languages`.
    Default: 10 %.
    Severity: warns; without `keep`, nothing to compare with fewer than 3 points of history.
    Source: the language filter of CCNet (Wenzek et al. 2020), as a share; no published threshold.
    """
    told_languages = pl.col("language_confidence") >= subject.declared.clean.languages.min_confidence
    texts = records_of(subject).filter(told_languages & pl.col("detected_language").is_not_null())
    aside = left_out(quarantine_of(subject), "^language$")
    counts = Counter[str](texts["detected_language"].to_list())
    counts.update(str(language) for language in aside["value"])
    total = counts.total()
    if total == 0:
        return Finding(True)
    metrics = {f"language_{code}": count / total for code, count in sorted(counts.items())}
    (limit,) = language_limits(subject)
    if limit.value is None:
        return Finding(True, metrics=metrics)
    others = counts - Counter({code: counts[code] for code in _wanted_languages(subject)})
    share = others.total() / total
    detail = None
    if share > limit.value:
        told = ", ".join(f"{code} ({count})" for code, count in others.most_common(_TOLD))
        detail = f"{others.total()} of {total} texts are in {told}"
    return Finding(
        share <= limit.value,
        value=share,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics=metrics,
    )


def _wanted_languages(subject: Subject) -> set[str]:
    """Return the languages that are kept, or usual; none where history is too short to tell."""
    source = subject.declared
    if source.clean.languages.keep:
        return {normalise_language(code) for code in source.clean.languages.keep}
    history = subject.past.metrics("languages")
    days = training_days(source.cadence_hours)
    codes = {name for shares in history.values() for name in shares if name.startswith("language_")}
    usual = set()
    for code in codes:
        series = {date: shares.get(code, 0.0) for date, shares in history.items()}
        points = baseline(series, subject.date, days=days)
        if state_of(len(points)) != "nothing to compare" and statistics.fmean(points) >= USUAL_SHARE:
            usual.add(code.removeprefix("language_"))
    return usual


def quality_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of records of low quality: as set, or ten points above history."""
    source = subject.declared
    if source.expect.low_quality is not None:
        return _limit(subject, "low_quality", looked=source.clean.quality.action != "keep")
    days = training_days(source.cadence_hours)
    points = baseline(subject.past.values("quality"), subject.date, days=days)
    comparable = state_of(len(points)) != "nothing to compare" and source.clean.quality.action != "keep"
    most = min(1.0, statistics.fmean(points) + ABOVE_HISTORY) if comparable else None
    return (Limit(most, "history", "expect.low_quality", points=len(points)),)


def quality(subject: Subject) -> Finding:
    """Texts are as good as they were.

    Formula: records that break a rule of `clean.quality.rules` / valid records ≤ `expect.low_quality`, or
    where that is not set ≤ the mean of the last 14 days without the newest + 10 points.
    Default: by history; nothing to compare with fewer than 3 points.
    Severity: warns.
    Source: the rules are Gopher's (Rae et al. 2021), C4's (Raffel et al. 2020) and FineWeb's (Penedo et al.
    2024), which filter single texts; for a share of them there is no published threshold.
    """
    flags = records_of(subject)["quality_flags"].explode(empty_as_null=True).drop_nulls()
    by_rule = Counter[str](flags.to_list())
    aside = left_out(quarantine_of(subject), "^quality:")
    by_rule.update(rule.removeprefix("quality:") for rule in aside["rule"])
    total = examined(subject)
    metrics = {f"quality_{rule}": count / total for rule, count in sorted(by_rule.items())}
    flagged = records_of(subject).filter(pl.col("quality_flags").list.len() > 0).height
    told = [f"{rule} ({count})" for rule, count in by_rule.most_common(_TOLD)]
    (limit,) = quality_limits(subject)
    return _share(subject, limit, flagged, "quality:.*", told, metrics)


def pii_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of records with personal data."""
    return _limit(subject, "pii", looked=subject.declared.clean.pii != "keep")


def pii(subject: Subject) -> Finding:
    """Few records hold personal data.

    Formula: records in whose texts personal data are found, redacted or not / valid records ≤ `expect.pii`.
    Default: 10 %.
    Severity: warns; that no search finds them is a blocking check of the index.
    Source: no published threshold; kinds and forms are those of docs/cleaning.md.
    """
    found = records_of(subject).filter(pl.col("pii") != NOTHING_FOUND)
    kinds = Counter[str](kind for counts in found["pii"] for kind in orjson.loads(counts))
    told = [f"{kind} ({count})" for kind, count in kinds.most_common(_TOLD)]
    metrics = {f"pii_{kind}": float(count) for kind, count in sorted(kinds.items())}
    (limit,) = pii_limits(subject)
    return _share(subject, limit, found.height, "pii", told, metrics)


def injection_limits(subject: Subject) -> Sequence[Limit]:
    """Return the largest share of records with text for language models."""
    return _limit(subject, "injection", looked=subject.declared.clean.injection != "keep")


def injection(subject: Subject) -> Finding:
    """Hardly a text addresses a language model and not its reader.

    Formula: records with an injection flag / valid records ≤ `expect.injection`.
    Default: 1 %.
    Severity: warns; that no search finds them is a blocking check of the index.
    Source: LLM01, prompt injection, of the OWASP Top 10 for LLM applications; no published threshold.
    """
    found = records_of(subject).filter(pl.col("injection_flags").list.len() > 0)
    told = found["url"].sort().head(_TOLD).to_list()
    (limit,) = injection_limits(subject)
    return _share(subject, limit, found.height, "injection", told, {})


def _limit(subject: Subject, name: str, *, looked: bool) -> tuple[Limit]:
    limit = expected(subject.declared.expect, name)
    return (limit if looked else replace(limit, value=None),)


def _share(
    subject: Subject, limit: Limit, kept: int, rule: str, told: Sequence[str], metrics: Mapping[str, float]
) -> Finding:
    """Compare the valid records that a rule holds of, kept or left out by it, with all valid ones.

    Args:
        kept: how many records it holds of.
        rule: the form of its name in quarantine.
    """
    total = examined(subject)
    if total == 0:
        return Finding(True)
    aside = places(left_out(quarantine_of(subject), f"^{rule}$"))
    share = (kept + aside) / total
    passed = limit.value is None or share <= limit.value
    detail = None
    if not passed:
        detail = f"{kept + aside} of {total} records"
        detail += f", {aside} of them left out" if aside else ""
        detail += f": {', '.join(told)}" if told else ""
    return Finding(
        passed,
        value=share,
        threshold=limit.value,
        origin=limit.origin,
        detail=detail,
        metrics={**metrics, "left_out": float(aside)},
    )


CONTENT = (
    Check(
        "near_duplicates", RECORDS, "Records that nearly repeat another of the partition / valid records ≤ "
        "expect.near_duplicates.", near_duplicates, near_duplicate_limits,
    ),
    Check(
        "languages", RECORDS, "Texts in unwanted or unusual languages / texts whose language is told ≤ "
        "expect.other_languages.", languages, language_limits,
    ),
    Check(
        "quality", RECORDS, "Records that break a quality rule / valid records ≤ expect.low_quality, or ≤ "
        "ten points above history.", quality, quality_limits,
    ),
    Check("pii", RECORDS, "Records with personal data / valid records ≤ expect.pii.", pii, pii_limits),
    Check(
        "injection", RECORDS, "Records with text for language models / valid records ≤ expect.injection.",
        injection, injection_limits,
    ),
)  # fmt: skip
