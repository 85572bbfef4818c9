"""Where we lean on what Dagster 1.13 does not promise: unexported names, preview and beta features.

What belongs here: re-exports, and the silence around features that we pin. What does not: anything that has
a public, stable way.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["UnresolvedAssetJobDefinition", "pinned_feature"]
"""UnresolvedAssetJobDefinition: what `define_asset_job` returns, for annotations."""


@contextmanager
def pinned_feature() -> Iterator[None]:
    """Use a preview or beta feature without its warning: Dagster is pinned, and tests hold the behaviour."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield
