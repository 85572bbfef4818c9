"""The names of Dagster 1.13 that we need and that it does not export: the only private imports.

What belongs here: re-exports, each with what it is for. What does not: anything that has a public way.
"""

from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["UnresolvedAssetJobDefinition"]
"""UnresolvedAssetJobDefinition: what `define_asset_job` returns, for annotations."""
