"""Runs as the event log tells them, put together to pipelines, and the longest path through their steps.

What belongs here: what is known of runs, and what follows from it for one pipeline. What does not: metrics of
many (service_levels.py), and reading Dagster's event log (resources/run_history.py).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

TEMPLATE = "[?]"
"""Ends the key of a planned step that stands for as many as an earlier step will ask for."""

RunStatus = Literal["success", "failure", "cancelled", "in_progress"]
StepStatus = Literal["success", "failure", "skipped", "in_progress"]
FailureKind = Literal["check", "target_outage", "error"]
Outcome = Literal["ok", "failed", "target_outage", "cancelled", "running"]


@dataclass(frozen=True)
class Try:
    """One attempt at a step. `ended` is None while it runs, and for ever where its process was killed."""

    started: dt.datetime
    ended: dt.datetime | None


@dataclass(frozen=True)
class StepFacts:
    """One planned step of a run.

    Attributes:
        key: unique within the run.
        depends_on: keys of the steps of the same run's plan whose outputs it takes.
        status: None where it never began, as the steps after a failed one, of which there is no event.
        tries: by their start.
    """

    key: str
    depends_on: tuple[str, ...] = ()
    status: StepStatus | None = None
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True)
class RunFacts:
    """One run, as the event log tells it.

    Attributes:
        run_id: Dagster's.
        root_run_id: of the first run, where this one retries it; else its own.
        job: the job's name.
        status: as far as it came.
        tags: of the run.
        created: when it was requested.
        enqueued: when it began to wait for a slot; None where there is no queue.
        started: when its first step could begin; None before that.
        ended: None until then.
        steps: those that its plan holds; of a retry, only what was left to do.
        failure: why it failed; None unless it did.
        failure_domain: of the typed error that it failed with, where it was one.
    """

    run_id: str
    root_run_id: str
    job: str
    status: RunStatus
    created: dt.datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    enqueued: dt.datetime | None = None
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    steps: tuple[StepFacts, ...] = ()
    failure: FailureKind | None = None
    failure_domain: str | None = None

    @property
    def done(self) -> frozenset[str]:
        """Keys of the steps that need not run again."""
        if self.status == "success":
            return frozenset(step.key for step in self.steps)
        return frozenset(step.key for step in self.steps if step.status in ("success", "skipped"))


@dataclass(frozen=True)
class CriticalPath:
    """The longest path through what ran: its steps, seconds of work, and seconds of waiting for it."""

    steps: tuple[str, ...] = ()
    execution_seconds: float = 0.0
    queue_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """Σ (execution + queue)."""
        return self.execution_seconds + self.queue_seconds

    def then(self, steps: Sequence[str], execution_seconds: float, queue_seconds: float) -> "CriticalPath":
        """Return the path with more at its end."""
        return CriticalPath(
            (*self.steps, *steps),
            self.execution_seconds + execution_seconds,
            self.queue_seconds + queue_seconds,
        )


@dataclass(frozen=True)
class Pipeline:
    """A run and the runs that retry it, all with one `dagster/root_run_id`, by creation.

    It belongs to the month in which its first run was created. Its outcome is one of:

    - `running`: a run of it has not ended.
    - `ok`: a run of it succeeded, and every step planned at first was done in one of its runs.
    - `cancelled`: its last unsuccessful run was cancelled.
    - `target_outage`: that run failed because a site, or the way to it, was down: nothing here could help it.
    - `failed`: anything else. A failed blocking check counts here: the run has ended and what it made is not
      admitted, whether the data or a threshold is to blame. It is a verdict, which no retry changes.
    """

    runs: tuple[RunFacts, ...]

    @property
    def job(self) -> str:
        """Its job's name."""
        return self.runs[0].job

    @property
    def month(self) -> dt.date:
        """The first day of the month in which it began, in UTC."""
        return month_of(self.runs[0].created)

    @cached_property
    def outcome(self) -> Outcome:
        """What became of it."""
        if any(run.status == "in_progress" for run in self.runs):
            return "running"
        unsuccessful = [run for run in self.runs if run.status != "success"]
        done = frozenset[str]().union(*(run.done for run in self.runs))
        # which steps a template stands for is known once it ran; what gathers them is planned as well
        planned = {step.key for step in self.runs[0].steps if not step.key.endswith(TEMPLATE)}
        if not unsuccessful or (len(unsuccessful) < len(self.runs) and planned <= done):
            return "ok"
        if unsuccessful[-1].status == "cancelled":
            return "cancelled"
        return "target_outage" if unsuccessful[-1].failure == "target_outage" else "failed"

    @property
    def tries(self) -> Counter[str]:
        """How often each step was tried, in all runs; steps that never began are not in it."""
        counts: Counter[str] = Counter()
        for run in self.runs:
            counts.update({step.key: len(step.tries) for step in run.steps if step.tries})
        return counts

    @property
    def upstream_failed(self) -> frozenset[str]:
        """Planned steps that never began in any run: an earlier one failed. They leave no event."""
        planned = {step.key for run in self.runs for step in run.steps}
        return frozenset(planned - set(self.tries) - {key for run in self.runs for key in run.done})

    @property
    def critical_path(self) -> CriticalPath:
        """Those of its runs, one after the other: a retry begins after the run that it retries has ended.

        What lies between two runs is in nobody's queue: the later one was not requested yet.
        """
        path = CriticalPath()
        for run in self.runs:
            longest = critical_path(run)
            path = path.then(longest.steps, longest.execution_seconds, longest.queue_seconds)
        return path


def month_of(moment: dt.datetime) -> dt.date:
    """Return the first day of a moment's month, in UTC."""
    return moment.astimezone(dt.UTC).date().replace(day=1)


def pipelines(runs: Iterable[RunFacts]) -> list[Pipeline]:
    """Return runs with their retries put together, by the creation of their first run."""
    by_root: dict[str, list[RunFacts]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.created, run.run_id)):
        by_root[run.root_run_id].append(run)
    return [Pipeline(tuple(chain)) for chain in by_root.values()]


def critical_path(run: RunFacts) -> CriticalPath:
    """Return the path with the largest Σ (execution + queue) through the steps of a run.

    The run's own queue, from being requested to its start, is in front of every path. A step's queue is the
    time from the end of its last dependency to its first try, as while other steps take the only worker, and
    the time between its tries. Its execution is the time of all its tries.
    """
    if run.started is None:
        return CriticalPath()
    start = CriticalPath(queue_seconds=_seconds(run.enqueued or run.created, run.started))
    ended: dict[str, dt.datetime] = {}
    paths: dict[str, CriticalPath] = {}
    # a step begins after its dependencies have ended: by their first tries they are in order
    for step in sorted((step for step in run.steps if step.tries), key=lambda step: step.tries[0].started):
        before = [key for key in step.depends_on if key in ended]
        queue, execution, free = 0.0, 0.0, max((ended[key] for key in before), default=run.started)
        for attempt in step.tries:
            end = attempt.ended or run.ended or attempt.started
            queue += _seconds(free, attempt.started)
            execution += _seconds(attempt.started, end)
            free = end
        ended[step.key] = free
        longest = max((paths[key] for key in before), key=lambda path: path.seconds, default=start)
        paths[step.key] = longest.then([step.key], execution, queue)
    return max(paths.values(), key=lambda path: path.seconds, default=start)


def _seconds(start: dt.datetime, end: dt.datetime) -> float:
    return max(0.0, (end - start).total_seconds())
