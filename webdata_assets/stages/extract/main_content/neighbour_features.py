"""What the blocks before and after a block tell.

What belongs here: features of neighbours in reading order. What does not: the tree (tree_features.py).
"""

import numpy as np
from numpy.typing import NDArray

from webdata_assets.stages.extract.main_content.feature_columns import Columns
from webdata_assets.stages.extract.main_content.text_features import Texts
from webdata_assets.stages.extract.main_content.tree_features import Tree

_NONE = -1.0
"""Stands for a neighbour that is not there."""


def add_neighbours(texts: Texts, tree: Tree, columns: Columns) -> None:
    """Add the columns of single neighbours, and of windows of them."""
    length = np.log1p(texts.characters)
    siblings = tree.ancestors[1]
    for distance in (1, 2, 3, -1, -2, -3):
        side = f"{'before' if distance > 0 else 'after'}{abs(distance)}"
        columns.add(f"{side}_characters", _shifted(length, distance))
        columns.add(f"{side}_link_share", _shifted(texts.link_share, distance))
        columns.add(f"{side}_tag", _shifted(texts.tags, distance))
        if abs(distance) < 3:
            columns.add(f"{side}_terminated", _shifted(texts.is_terminated, distance))
            columns.add(f"{side}_sibling", _shifted(siblings, distance) == siblings)
    in_links = texts.characters * texts.link_share
    plain = _running_sum(texts.characters - in_links)
    linked = _running_sum(in_links)
    running = _running_sum(texts.running)
    here = np.arange(columns.height)
    for width in (3, 8, 20):
        first, last = np.maximum(here - width, 0), np.minimum(here + width + 1, columns.height)
        text, links = plain[last] - plain[first], linked[last] - linked[first]
        columns.add(f"window{width}_text", np.log1p(text))
        columns.add(f"window{width}_link_share", links / np.maximum(links + text, 1))
        columns.add(f"window{width}_running", np.log1p(running[last] - running[first]))
        columns.add(f"window{width}_running_before", np.log1p(running[here] - running[first]))
        columns.add(f"window{width}_running_after", np.log1p(running[last] - running[here]))


def _shifted(values: NDArray[np.generic], distance: int) -> NDArray[np.float64]:
    """Return of each block the value of the block that many places before it, or after it where negative."""
    moved = np.full(len(values), _NONE)
    if distance > 0:
        moved[distance:] = values[:-distance]
    else:
        moved[:distance] = values[-distance:]
    return moved


def _running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values)])
