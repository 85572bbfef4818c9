"""Copies of a store of releases that is made once for a module.

What belongs here: giving each test a store of its own. What does not: making the first one.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from webdata_assets_tests.learn.pairs import Pairs


def copied(pairs: Pairs, folder: Path) -> Pairs:
    """Return the same store, index, models and hour, in a folder that may be changed."""
    shutil.copytree(pairs.folder, folder, dirs_exist_ok=True)
    return replace(pairs, folder=folder)
