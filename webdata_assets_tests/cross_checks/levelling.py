"""Service levels from runs, by following each rule of the catalogue for one run after the other."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from webdata_assets.stages.observe.service_levels import RunFacts, StepFacts

Metrics = dict[str, float | None]


def levels(runs: Iterable[RunFacts]) -> dict[tuple[dt.date, str], Metrics]:
    """Return the metrics by month and job, of all jobs together under `all`."""
    chains: dict[str, list[RunFacts]] = {}
    for run in sorted(runs, key=lambda run: (run.created, run.run_id)):
        chains.setdefault(run.root_run_id, []).append(run)
    groups: dict[tuple[dt.date, str], list[list[RunFacts]]] = {}
    for chain in chains.values():
        first = chain[0]
        month = dt.date(first.created.year, first.created.month, 1)
        for job in ("all", first.job):
            groups.setdefault((month, job), []).append(chain)
    return {key: _metrics(group) for key, group in groups.items()}


def _metrics(chains: Sequence[Sequence[RunFacts]]) -> Metrics:
    ok = failed = tries = tasks = begun = runs = 0
    seconds = 0.0
    for chain in chains:
        runs += len(chain)
        outcome = _outcome(chain)
        ok += outcome == "ok"
        failed += outcome == "failed"
        if outcome == "ok":
            seconds += sum(_longest(run) for run in chain)
        names = {step.key for run in chain for step in run.steps if step.tries}
        begun += len(names)
        if outcome != "running":
            tasks += len(names)
            tries += sum(len(step.tries) for run in chain for step in run.steps)
    return {
        "success_rate": ok / (ok + failed) if ok + failed else None,
        "critical_path_seconds": seconds / ok if ok else None,
        "retry_overhead": tries / tasks - 1 if tasks else None,
        "runs": runs,
        "tasks": begun,
    }


def _outcome(chain: Sequence[RunFacts]) -> str:
    if any(run.status == "in_progress" for run in chain):
        return "running"
    left = {step.key for step in chain[0].steps}
    for run in chain:
        for step in run.steps:
            if run.status == "success" or step.status in ("success", "skipped"):
                left.discard(step.key)
    bad = [run for run in chain if run.status != "success"]
    if not bad or (len(bad) < len(chain) and not left):
        return "ok"
    if bad[-1].status == "cancelled":
        return "cancelled"
    return "target_outage" if bad[-1].failure == "target_outage" else "failed"


def _longest(run: RunFacts) -> float:
    """Return the length of the longest of all paths through a run, each followed back from its end."""
    if run.started is None:
        return 0.0
    waited = max(0.0, (run.started - (run.enqueued or run.created)).total_seconds())
    ran = {step.key: step for step in run.steps if step.tries}

    def length(step: StepFacts) -> float:
        before = [ran[key] for key in step.depends_on if key in ran]
        free = max((_end(run, each) for each in before), default=run.started)
        own = 0.0
        for attempt in step.tries:
            ended: Any = attempt.ended or run.ended or attempt.started
            own += max(0.0, (attempt.started - free).total_seconds())
            own += max(0.0, (ended - attempt.started).total_seconds())
            free = ended
        return own + max((length(each) for each in before), default=waited)

    return max((length(step) for step in ran.values()), default=waited)


def _end(run: RunFacts, step: StepFacts) -> dt.datetime:
    last = step.tries[-1]
    return last.ended or run.ended or last.started
