"""What the model learns, as a Dagster resource."""

from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.tasks.loading import load_task
from webdata_assets.tasks.model import Task


class TaskResource(dg.ConfigurableResource["TaskResource"]):
    """Read the task file once per run: an edited file counts from the next run on."""

    path: str
    _loaded: Task | None = PrivateAttr(default=None)

    def load(self) -> Task:
        """Return the task. Raises TaskFileError that names file, line, field and remedy."""
        if self._loaded is None:
            self._loaded = load_task(Path(self.path))
        return self._loaded
