"""The source files as a Dagster resource."""

from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry, load_sources


class SourcesResource(dg.ConfigurableResource["SourcesResource"]):
    """Read the folder of source files once per run: a patched file counts from the next run on."""

    folder: str
    patches: str = ""
    """A folder whose source files replace those of the same name; empty, or absent, for none."""
    _loaded: Registry | None = PrivateAttr(default=None)

    def registry(self) -> Registry:
        """Return every source. Raises SourceFileError that names file, line, field and remedy."""
        if self._loaded is None:
            patches = Path(self.patches) if self.patches else None
            self._loaded = load_sources(Path(self.folder), patches=patches)
        return self._loaded

    def read_again(self) -> None:
        """Have the files read anew when they are next asked for, after one was written."""
        self._loaded = None

    def get(self, name: str) -> Source:
        """Return one source by name."""
        return self.registry().get(name)
