"""`webdata`: a thin shell over the same functions that Dagster runs."""

from webdata_assets.cli.main import main

__all__ = ["main"]
