"""Typed IO managers: a frame is checked against its table, and one partition is written atomically."""

from webdata_assets.io_managers.table import TableIOManager

__all__ = ["TableIOManager"]
