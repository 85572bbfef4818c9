"""Reads a task file, and says of a broken one what a person has to mend, and where.

What belongs here: one file → one task. What does not: the keys and their rules (model.py), YAML and wording
(sources/document.py, sources/explain.py).
"""

from pathlib import Path

from pydantic import ValidationError

from webdata_assets.errors import TaskFileError
from webdata_assets.sources.document import read_document
from webdata_assets.sources.explain import explain
from webdata_assets.tasks.model import Task


def load_task(path: Path) -> Task:
    """Read a task file.

    Raises:
        TaskFileError: with one line for every problem: file, line, field, what, remedy.
    """
    if not path.is_file():
        raise TaskFileError(f"{path}: no such file; create it, or point WEBDATA_TASK to another")
    document = read_document(path)
    problems = list(document.problems)
    task = None
    if document.data is not None:
        try:
            task = Task.model_validate(document.data)
        except ValidationError as error:
            problems += explain(error, document, Task)
    if problems or task is None:
        ordered = sorted(problems, key=lambda problem: problem.line)
        raise TaskFileError("\n".join(problem.describe(path) for problem in ordered))
    return task
