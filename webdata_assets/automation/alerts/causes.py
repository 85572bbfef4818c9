"""Everything that is wrong now: one cause for each thing, in one list.

What belongs here: putting together what verdicts, runs, plan and calendar tell, so that nothing is told
twice. What does not: finding each (the modules beside this one), and sending (outbox.py).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from webdata_assets.automation.alerts.cause import Cause, about, sampled, written
from webdata_assets.automation.alerts.lateness import late_causes
from webdata_assets.automation.alerts.runs import RunsSeen, run_causes
from webdata_assets.automation.alerts.verdicts import newest_verdicts, verdict_causes
from webdata_assets.automation.budget import Answer
from webdata_assets.automation.rules import rule_for
from webdata_assets.errors import FailureDomain
from webdata_assets.partitions import Partition
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.release import RELEASE
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.clean.normalise import clean_line
from webdata_assets.store import Store
from webdata_assets.store.selector_proposals import COMMAND, current_proposals

BUDGET = "attempts_exhausted:"
"""The cause of the budget that all partitions share."""
SHOWN = 5
SHOWN_CHARACTERS = 200


def active_causes(
    store: Store,
    registry: Registry,
    seen: RunsSeen,
    answers: Sequence[Answer],
    now: dt.datetime,
    known: Mapping[str, Cause],
) -> list[Cause]:
    """Return what is wrong now, each thing once.

    Args:
        store: what is stored, with its ledger.
        registry: the declared sources; what is stored of others is nobody's concern any more.
        seen: runs that ended since the last look, and those that take too long.
        answers: what is planned for each partition that needs repair, or what it waits for.
        now: the moment of the look, in UTC.
        known: causes that were told and are not over, by name.
    """
    by_partition = {answer.repair.partition: answer for answer in answers}
    failed = verdict_causes(store, newest_verdicts(store), registry.enabled, known)
    causes = [
        *_with_what_follows(failed, by_partition, store, registry, known),
        *(cause for cause in run_causes(seen, known) if cause.source in {None, *registry.enabled}),
        *_exhausted(by_partition, known),
        *late_causes(store, registry, now, known),
        *_held_back(store),
    ]
    return list({cause.cause: cause for cause in causes}.values())


def _with_what_follows(
    failed: Sequence[Cause],
    answers: Mapping[Partition, Answer],
    store: Store,
    registry: Registry,
    known: Mapping[str, Cause],
) -> Iterator[Cause]:
    """Say of each failed check what happens next; those that wait for a patch are of that kind."""
    awaiting = {
        partition
        for partition, answer in answers.items()
        if answer.waiting and answer.waiting.kind == "awaiting_patch"
    }
    told = set()
    for cause in failed:
        partition = _partition(cause)
        if cause.cause in known or not cause.cause.startswith("check:"):
            told.add(partition)
            yield cause
        elif partition in awaiting and cause.cause.startswith(f"check:{RECORDS.name}."):
            told.add(partition)
            yield _awaiting(cause, store, registry)
        else:
            yield replace(cause, body=written(cause.body, _next(cause, answers.get(partition))))
    for partition in sorted(awaiting - told):
        bare = Cause(
            cause=f"awaiting_patch:{partition.key}",
            kind="awaiting_patch",
            date=partition.date,
            source=partition.source,
            failure_domain=FailureDomain.PARSE,
            title=f"{about(partition)}: what it was extracted with does not fit",
            body="",
        )
        yield bare if bare.cause in known else _awaiting(bare, store, registry)


def _awaiting(cause: Cause, store: Store, registry: Registry) -> Cause:
    lines = []
    proposals = current_proposals(store, registry).filter(source=cause.source).head(SHOWN)
    for row in proposals.iter_rows(named=True):
        field = row["field"]
        tried = sampled(row["selectors"], SHOWN)
        lines.append(
            f"{field}: {tried} finds nothing; {row['found_share']:.0%} of the records have it, "
            f"{row['pages']} pages are without: {', '.join(row['sample_urls'])}"
        )
        if row["proposal"] is not None:
            proposal = clean_line(row["proposal"])[:SHOWN_CHARACTERS]
            lines.append(
                f"Proposed: {proposal}, right on {row['support']:.0%} of {row['held_out_pages']} held-out "
                f"pages; `{COMMAND} {cause.source} {field}` puts it in place."
            )
    lines.append("Awaiting a patch of the source's extraction; the replay after it asks the site nothing.")
    return replace(
        cause,
        kind="awaiting_patch",
        title=f"{cause.title}, awaiting a patch",
        body=written(cause.body, *lines),
    )


def _next(cause: Cause, answer: Answer | None) -> str:
    """Return what happens next with a partition, in our own words."""
    if cause.source is None:
        asset, _, check = cause.cause.removeprefix("check:").removesuffix(":").partition(".")
        rule = rule_for(asset, [check])
        return f"Next: {rule[0].action}; {rule[0].why}." if rule else ""
    if answer is None:
        return f"A person is needed; `webdata status --source {cause.source}` says more."
    if answer.request is not None:
        return f"Next: {answer.repair.job} of the partition, by itself."
    kind = answer.waiting.kind if answer.waiting else None
    if kind in ("in_progress", "gap"):
        return "It is tried again by itself, with growing gaps."
    return f"A person is needed: {answer.waiting.reason}." if answer.waiting else ""


def _exhausted(answers: Mapping[Partition, Answer], known: Mapping[str, Cause]) -> Iterator[Cause]:
    """Partitions that used up their attempts, until they need no repair any more; and the shared budget.

    After a day there are attempts again: that alone does not make it over.
    """
    without_budget = []
    for partition, answer in sorted(answers.items()):
        name = f"attempts_exhausted:{partition.key}"
        kind = answer.waiting.kind if answer.waiting else None
        if kind == "budget_exhausted":
            without_budget.append(partition.key)
        if name in known:
            yield known[name]
        elif answer.waiting and kind == "attempts_exhausted":
            yield Cause(
                cause=name,
                kind="attempts_exhausted",
                date=partition.date,
                source=partition.source,
                failure_domain=None,
                title=f"{about(partition)}: automatic repairs are used up",
                body=written(
                    f"{answer.waiting.reason}.",
                    f"Look at its last runs; after a remedy, `webdata run --source {partition.source} --date "
                    f"{partition.date}` tries it again.",
                ),
            )
    if without_budget:
        yield Cause(
            cause=BUDGET,
            kind="attempts_exhausted",
            date=None,
            source=None,
            failure_domain=None,
            title=f"{len(without_budget)} partitions wait: the automatic repairs of 24 hours are used up",
            body=written(
                sampled(without_budget, SHOWN),
                "Many repairs at once have one cause more often than many. WEBDATA_REPAIR_RUNS_PER_DAY is "
                "the budget.",
            ),
        )


def _held_back(store: Store) -> Iterator[Cause]:
    """The newest model, when it was not good enough to come into use."""
    newest = (
        store.tables.scan(MODEL)
        .sort("trained_at", "version")
        .select("version", "promotable", "metric", "score", "floor", "champion_score", "difference")
        .tail(1)
        .collect()
    )
    if newest.is_empty() or newest.item(0, "promotable"):
        return
    row = newest.row(0, named=True)
    in_use = store.tables.scan(RELEASE).sort("release").select("model_version").tail(1).collect()
    if in_use.height and in_use.item(0, "model_version") == row["version"]:
        return  # a person has put it in use all the same
    beside = "" if row["champion_score"] is None else f", the champion's {row['champion_score']:.3f}"
    yield Cause(
        cause="model_held_back:challenger",
        kind="model_held_back",
        date=None,
        source=None,
        failure_domain=FailureDomain.MODEL,
        title="The newest model is not good enough, and was held back",
        body=written(
            f"{row['metric']} {row['score']:.3f}, floor {row['floor']:.3f}{beside}.",
            f"Version {row['version']}. The champion stays in use; `webdata model history` says more.",
        ),
    )


def _partition(cause: Cause) -> Partition:
    if cause.date is None or cause.source is None:
        return Partition(dt.date.min, "")
    return Partition(cause.date, cause.source)


def of_rows(rows: pl.DataFrame) -> dict[str, Cause]:
    """Return the causes of rows of the `alerts` table, by name."""
    return {
        row["cause"]: Cause(
            cause=row["cause"],
            kind=row["kind"],
            date=row["date"],
            source=row["source"],
            failure_domain=None if row["failure_domain"] is None else FailureDomain(row["failure_domain"]),
            title=row["title"],
            body=row["body"],
        )
        for row in rows.iter_rows(named=True)
    }
