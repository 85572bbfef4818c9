"""Where heavy maps inside a step run, opened from the setting.

What belongs here: the choice. What does not: an engine.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webdata_assets.stages.engine.dask import DaskEngine


def open_engine(setting: str) -> "DaskEngine | None":
    """Return the engine at a scheduler's address, not yet connected; None for `local`."""
    from webdata_assets.stages.engine.engine import LOCAL

    if setting == LOCAL:
        return None
    from webdata_assets.stages.engine.dask import DaskEngine

    return DaskEngine(setting)
