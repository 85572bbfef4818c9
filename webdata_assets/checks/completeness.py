"""The check of records that tells selector rot: is each field still found where it was?

What belongs here: limits by field, and the words for a field that is no longer found. What does not: shares
(stages/observe/completeness.py), and proposals of other selectors (stages/extract/induction).
"""

import statistics
from collections.abc import Mapping, Sequence

import orjson
import polars as pl

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.checks.extracted import WANT_RULES, left_out, places, quarantine_of, records_of
from webdata_assets.checks.limits import Limit, Origin
from webdata_assets.schemas.records import RECORDS
from webdata_assets.sources.model import Source
from webdata_assets.stages.observe.anomaly import baseline, counting_noise, state_of, training_days
from webdata_assets.stages.observe.completeness import field_shares, present, refused_records
from webdata_assets.store import selector_proposals

SAMPLE = 3
"""URLs that the detail names for each field."""


def field_limits(subject: Subject) -> Sequence[Limit]:
    """Return the least share of each field: what the source file says, else what history leads to expect."""
    source = subject.declared
    explicit: Origin = "source file" if "completeness" in source.expect.model_fields_set else "default"
    limits = [
        Limit(share, explicit, "expect.completeness", name, "≥")
        for name, share in sorted(source.expect.completeness.items())
    ]
    others = sorted(set(source.extract.fields) - set(source.expect.completeness))
    extracted = records_of(subject).height + refused_records(quarantine_of(subject)).height
    return (*limits, *(_limit_from_history(subject, name, extracted) for name in others))


def _limit_from_history(subject: Subject, name: str, extracted: int) -> Limit:
    """Return how far the share of a field may fall below its mean, for a partition of so many records.

    That is by `expect.completeness_drop`, or by what counting so few records that lack it may vary: one
    article without a picture does not halt the day on which it is the only one.
    """
    source = subject.declared
    days = training_days(source.cadence_hours)
    points = baseline(subject.past.metric("completeness", f"completeness_{name}"), subject.date, days=days)
    state, key = state_of(len(points)), "expect.completeness_drop"
    if state == "nothing to compare":
        return Limit(None, "history", key, name, "≥", only_warns=True, points=len(points))
    mean, drop = statistics.fmean(points), source.expect.completeness_drop
    if extracted:
        drop = max(drop, source.expect.deviation * counting_noise((1 - mean) * extracted) / extracted)
    least = max(0.0, mean - drop)
    return Limit(least, "history", key, name, "≥", only_warns=state == "warns", points=len(points))


def records_completeness(subject: Subject) -> Finding:
    """Each field is found as often as the source says, or as it was.

    Formula: for each field of `expect.completeness`, extracted records (good and refused) that have it /
    extracted records ≥ its value there. For every other field of `extract.fields`, the same share ≥ its mean
    in the admitted partitions of the last 14 days without the newest, less `expect.completeness_drop`, or
    less `expect.deviation` · √(records expected to lack it, at least 1) / records where that is more. The
    value is that of the field farthest below its threshold.
    A partition in which no page changed has nothing to compare and passes. One of which nothing is left,
    because every record lacked a field that the source drops records without, does not.
    Default: 95 % of titles; 5 points below history.
    Severity: blocks; warns where only fields with fewer than 7 points of history fall short.
    Source: spidermon's FieldCoverageMonitor; the history is treated as in Elementary's anomaly tests.
    """
    source = subject.declared
    records, quarantine = records_of(subject), quarantine_of(subject)
    limits = field_limits(subject)
    shares = field_shares(records, quarantine, [limit.of for limit in limits])
    if not shares:
        return _of_nothing(source, records, quarantine)
    metrics = {f"completeness_{name}": share for name, share in shares.items()}
    compared = [(limit, limit.value) for limit in limits if limit.value is not None]
    if not compared:
        return Finding(True, metrics=metrics)
    short = [(limit, least) for limit, least in compared if shares[limit.of] < least]
    # of those that fall short, the ones that keep readers out come first
    worst, threshold = min(
        [pair for pair in short if not pair[0].only_warns] or short or compared,
        key=lambda pair: shares[pair[0].of] - pair[1],
    )
    return Finding(
        not short,
        value=shares[worst.of],
        threshold=threshold,
        origin=worst.origin,
        detail=_told(subject, shares, short) if short else None,
        metrics=metrics,
        only_warns=worst.only_warns,
    )


def _of_nothing(source: Source, records: pl.DataFrame, quarantine: pl.DataFrame) -> Finding:
    for_want = left_out(quarantine, WANT_RULES)
    if records.is_empty() and for_want.height:
        rules = ", ".join(for_want["rule"].unique().sort())
        told = f"all {places(for_want)} records were left out ({rules}); patch {source.name}'s extract"
        return Finding(False, value=0, threshold=1, detail=f"{told}, then the partition is replayed")
    return Finding(True, detail="nothing was extracted: no page changed")


def _told(subject: Subject, shares: Mapping[str, float], short: Sequence[tuple[Limit, float]]) -> str:
    """Return, for each field that falls short, how often it was found, by what, and what would find it."""
    source, proposals = subject.declared, _proposals(subject)
    told = []
    for limit, least in sorted(short, key=lambda pair: (pair[0].only_warns, pair[0].of)):
        name, rule = limit.of, source.extract.fields.get(limit.of)
        labels = [selector.label for selector in rule.from_] if rule else ["default extraction"]
        tried = ", ".join(labels) or "its fields, or extract.python"
        past = " from its history" if limit.origin == "history" else ""
        told.append(
            f"{'SelectorNotFound: ' if rule else ''}{name} found in {shares[name]:.0%}, expected {least:.0%}"
            f"{past} (selectors: {tried}), not on {', '.join(_lacking(subject, name)[:SAMPLE])}"
        )
        if name in proposals:
            told.append(proposals[name])
    if all(limit.only_warns for limit, _ in short):
        return f"{'; '.join(told)}; look whether {source.name}'s extract.fields still fit"
    return f"{'; '.join(told)}; awaiting patch and replay: patch {source.name}'s extract.fields"


def _lacking(subject: Subject, field: str) -> list[str]:
    """Return the URLs of the extracted records that have no value for a field, in order."""
    records = records_of(subject)
    good = records.filter(~present(records, field))["url"].to_list()
    bad = refused_records(quarantine_of(subject)).select("url", "record").iter_rows()
    return sorted({*good, *(url for url, record in bad if orjson.loads(record).get(field) is None)})


def _proposals(subject: Subject) -> dict[str, str]:
    """Return what to tell of the selectors that the run which wrote the partition proposes, by field."""
    write = subject.store.ledger.newest_write(RECORDS, subject.partition)
    if write is None or subject.partition is None:
        return {}
    rows = selector_proposals.of_partition(subject.store, subject.partition, write.run_id)
    return {
        name: f"proposed instead: {selector_proposals.as_selector(str(row['proposal'])).label}, which finds "
        f"the known values on {row['support']:.0%} of the pages held out (`{selector_proposals.COMMAND} "
        f"{subject.partition.source} {name}`)"
        for name, row in rows.items()
        if row["proposal"] is not None
    }


COMPLETENESS = Check(
    "completeness", RECORDS, "Per field: extracted records that have it / extracted records ≥ "
    "expect.completeness, or ≥ its history − expect.completeness_drop.", records_completeness, field_limits,
)  # fmt: skip
