"""The source files as a Dagster resource."""

from pathlib import Path

import dagster as dg

from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry, load_sources


class SourcesResource(dg.ConfigurableResource["SourcesResource"]):
    """Read the folder of source files, at the time of the run: a patched file counts from the next run on."""

    folder: str
    patches: str = ""
    """A folder whose source files replace those of the same name; empty, or absent, for none."""

    def registry(self) -> Registry:
        """Return every source. Raises SourceFileError that names file, line, field and remedy."""
        return load_sources(Path(self.folder), patches=Path(self.patches) if self.patches else None)

    def get(self, name: str) -> Source:
        """Return one source by name."""
        return self.registry().get(name)
