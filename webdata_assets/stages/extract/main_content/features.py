"""Blocks → the numbers that the model judges them by: one row a block, one column a feature.

What belongs here: the order of the columns, and putting their groups together. What does not: the groups
(text_features.py, tree_features.py, neighbour_features.py, page_features.py), and the model (model.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webdata_assets.stages.extract.main_content.blocks import Blocks
from webdata_assets.stages.extract.main_content.feature_columns import Columns, Floats, Integers
from webdata_assets.stages.extract.main_content.neighbour_features import add_neighbours
from webdata_assets.stages.extract.main_content.page_features import page_features
from webdata_assets.stages.extract.main_content.page_words import PageWords
from webdata_assets.stages.extract.main_content.text_features import read_texts
from webdata_assets.stages.extract.main_content.tree_features import read_tree

_CHARACTERS_PER_WORD = 12
"""At least: texts of fewer words than this are taken for languages that put no spaces between words."""


@dataclass(frozen=True)
class Features:
    """The features of a page's blocks.

    Attributes:
        table: float32 of shape (blocks, features).
        names: of the columns.
        words: of each block, how much text it is: words, and of languages without spaces their like.
        siblings: of each block, the element around the one that holds it.
        page: float32 of shape (features of a page), for the page's type.
        page_names: of these.
    """

    table: Floats
    names: tuple[str, ...]
    words: NDArray[np.float64]
    siblings: Integers
    page: Floats
    page_names: tuple[str, ...]


def block_features(page: Blocks, about: PageWords) -> Features:
    """Return the features of a page that has at least one block."""
    columns = Columns(len(page.texts))
    texts = read_texts(page, about, columns)
    tree = read_tree(page, texts, columns)
    add_neighbours(texts, tree, columns)
    of_page = page_features(page, texts, tree, about)
    for name, value in of_page.items():
        columns.add(f"page_{name}", value)
    table = columns.matrix()
    whole = {**of_page, **_means(table, columns.names)}
    return Features(
        table,
        tuple(columns.names),
        np.maximum(texts.words, texts.characters / _CHARACTERS_PER_WORD),
        tree.ancestors[1],
        np.array(list(whole.values()), dtype=np.float32),
        tuple(whole),
    )


def _means(table: Floats, names: list[str]) -> dict[str, float]:
    """Return the mean over all blocks of the features that are shares or flags."""
    means = table.mean(axis=0)
    kept = ("in_", "near_", "word_", "term", "digits", "upper", "link_share", "title")
    return {f"mean_{name}": float(means[at]) for at, name in enumerate(names) if name.startswith(kept)}
