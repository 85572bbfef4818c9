"""MLflow, where a deployment has one, as a Dagster resource."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import polars as pl


class MlflowResource(dg.ConfigurableResource["MlflowResource"]):
    """Mirror the registry of models in MLflow; ours stays the one that counts."""

    uri: str = ""
    """A tracking server's address, or `sqlite:///…`; empty for none."""

    def mirror(
        self, registry: "pl.DataFrame", champion: str | None, artefact: "Callable[[str], Path]"
    ) -> int:
        """Mirror what is not there yet, and the champion's alias; return how many versions are new there.

        Raises TransientError or PermanentError when MLflow is not installed, out of reach, or refuses.
        """
        from webdata_assets.stages.learn.mlflow_mirror import mirror

        return mirror(self.uri, registry, champion, artefact)
