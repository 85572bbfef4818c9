"""Thresholds of the task file.

What belongs here: their values, and telling written ones from defaults. What does not: those of source files
(limits.py).
"""

from typing import Literal

from webdata_assets.checks.check import Subject
from webdata_assets.checks.limits import Limit, Sense
from webdata_assets.tasks.model import Task


def task_of(subject: Subject) -> Task:
    """Return what the model learns. Raises ValueError where nobody said it."""
    if subject.task is None:
        raise ValueError(f"the checks of {subject.table.name} need the task")
    return subject.task


def of_task(
    task: Task, section: Literal["evaluation", "drift"], name: str, *, sense: Sense, negated: bool = False
) -> Limit:
    """Return the threshold of a key of a task file.

    Args:
        negated: whether the key says how far down the value may go, as `margin` does.
    """
    written = getattr(task, section)
    value = getattr(written, name)
    number = None if value is None else float(value)
    return Limit(
        value=-number if number and negated else number,
        origin="task file" if name in written.model_fields_set else "default",
        key=f"{section}.{name}",
        sense=sense,
    )
