"""What holds once everything is done: equality with the undisturbed run, and nothing left behind.

What belongs here: one function for each promise; each returns violations, in words. What does not: what holds
at every moment (invariants.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from webdata_assets.errors import FailureDomain, domain_told
from webdata_assets.schemas import TABLES, Table
from webdata_assets.store import Store
from webdata_assets.store.delivery_events import delivery_events

NEUTRAL = ("state", "rows", "content_hash", "source_hash", "corpus_version", "model_version")
"""Of the table `delivery`: what does not depend on where a sink is."""

FAILED_CHECK = "DagsterAssetCheckFailedError"
SHOWN = 200
"""Characters of an error's message, and of a value."""
MOST_VALUES = 12
"""Of a table that differs."""


def different_content(found: Store, expected: Store) -> list[str]:
    """Return the tables whose content differs from the undisturbed run's, with how many rows each holds."""
    ours, theirs = found.content_hashes(), expected.content_hashes()
    told = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name != "delivery" and ours.get(name) != theirs.get(name):
            rows = [store.tables.read(TABLES[name]).height for store in (found, expected)]
            told.append(f"{name} differs from the undisturbed run's: {rows[0]} rows, {rows[1]} there")
            told += different_values(TABLES[name], found, expected)
    sinks = {row["sink"]: row for row in found.tables.read(TABLES["delivery"]).iter_rows(named=True)}
    for row in expected.tables.read(TABLES["delivery"]).iter_rows(named=True):
        ours_of = sinks.get(row["sink"], dict.fromkeys(NEUTRAL))
        told += [
            f"sink {row['sink']}: {name} is {ours_of[name]}, undisturbed {row[name]}"
            for name in NEUTRAL
            if ours_of[name] != row[name]
        ]
    contents = {row["content_hash"] for row in sinks.values()}
    return told if len(contents) == 1 else [*told, f"sinks hold different rows: {contents}"]


def different_values(table: Table, found: Store, expected: Store) -> list[str]:
    """Return keys, columns and values of the first rows of a table that differ, as found and as expected."""
    ours, theirs = (
        {
            tuple(row[name] for name in table.key): row
            for row in store.tables.read(table).iter_rows(named=True)
        }
        for store in (found, expected)
    )
    told = [f"  {key} is {'there' if key in ours else 'missing'}" for key in ours.keys() ^ theirs.keys()]
    for key in ours.keys() & theirs.keys():
        one, other = ours[key], theirs[key]
        told += [
            f"  {key} {name}: {str(one[name])[:SHOWN]}, undisturbed {str(other[name])[:SHOWN]}"
            for name in one
            if name not in table.unhashed and one[name] != other[name]
        ]
    return sorted(told)[:MOST_VALUES]


def untold_deliveries(store: Store, messages: Sequence[Mapping[str, Any]], files: Sequence[str]) -> list[str]:
    """Return events that the outbox knows and a receiver does not, or the reverse, and untold last states."""
    known = delivery_events(store)
    ids, told = set(known["event_id"]), []
    received = {message["id"] for message in messages}
    filed = {Path(name).stem.rpartition("-")[2] for name in files}
    for name, others in (("the webhook", received), ("files", filed)):
        told += [f"event {each} is not at {name}" for each in ids - others]
        told += [f"event {each} at {name} is in no outbox" for each in others - ids]
    newest = {row["sink"]: row["content_hash"] for row in known.sort("sequence").iter_rows(named=True)}
    for row in store.tables.read(TABLES["delivery"]).iter_rows(named=True):
        if newest.get(row["sink"]) != row["content_hash"]:
            told.append(f"the last state of sink {row['sink']} was never announced")
    return told


def stuck_runs(instance: dg.DagsterInstance) -> list[str]:
    """Return the runs that never ended."""
    runs = instance.get_runs()
    return [f"{run.job_name} {run.run_id} is {run.status.value}" for run in runs if not run.is_finished]


def errors_of_steps(instance: dg.DagsterInstance) -> Counter[tuple[FailureDomain | None, str]]:
    """Return how often each error failed a step, by its domain, class and the beginning of its message.

    None stands for what people would be told is a bug.
    """
    errors: Counter[tuple[FailureDomain | None, str]] = Counter()
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
            event = entry.dagster_event
            error = event.step_failure_data.error if event is not None else None
            if error is not None and FAILED_CHECK in (error.cls_name or ""):
                # a verdict, and no error
                continue
            while error is not None and error.cause is not None:
                error = error.cause
            if error is not None:
                said = error.message or ""
                errors[domain_told(said), f"{error.cls_name}: {said[:SHOWN]}"] += 1
    return errors
