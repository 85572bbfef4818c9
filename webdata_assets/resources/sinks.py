"""The sink files as a Dagster resource."""

import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sinks.model import SinkFile


class SinksResource(dg.ConfigurableResource["SinksResource"]):
    """Read the folder of sink files once per run: an edited file counts from the next run on."""

    folder: str
    _loaded: Mapping[str, SinkFile] | None = PrivateAttr(default=None)

    def load(self) -> Mapping[str, SinkFile]:
        """Return every sink by name. Raises SinkFileError that names file, line, field and remedy."""
        if self._loaded is None:
            self._loaded = load_sinks(Path(self.folder))
        return self._loaded

    def enabled(self) -> Mapping[str, SinkFile]:
        """Return the sinks that are delivered to. Raises as `load` does."""
        return {name: sink for name, sink in self.load().items() if sink.enabled}

    def environ(self) -> Mapping[str, str]:
        """Return the environment, which holds the secrets that the files name; it is never kept."""
        return os.environ
