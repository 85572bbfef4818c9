"""Blocks → the numbers that the model judges them by: one row a block, one column a feature.

What belongs here: the order of the columns, and putting their groups together. What does not: the groups
(text_features.py, tree_features.py, neighbour_features.py), and the model (model.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webdata_assets.stages.extract.main_content.blocks import Blocks

_CHARACTERS_PER_WORD = 12
"""At least: texts of fewer words than this are taken for languages that put no spaces between words."""

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PageWords:
    """What a page says of itself outside its blocks.

    Attributes:
        title: of the `title` element and og:title.
        description: of meta and og:description.
        stated: long texts of its structured data, such as `articleBody`.
        is_article: whether its structured data or og:type says that it is an article.
        is_product: whether its structured data or og:type says that it is a product.
        address: its URL.
        declared: the names of its schema.org types.
        program: its `generator`.
    """

    title: str = ""
    description: str = ""
    stated: str = ""
    is_article: bool = False
    is_product: bool = False
    address: str = ""
    declared: str = ""
    program: str = ""


class Columns:
    """Named columns, collected in order."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.names: list[str] = []
        self._values: list[NDArray[np.generic]] = []

    def add(self, name: str, values: NDArray[np.generic] | float) -> None:
        """Add one column; a number stands for itself in every row."""
        self.names.append(name)
        filled = np.full(self.height, values) if isinstance(values, int | float) else values
        self._values.append(filled)

    def add_table(self, names: list[str], values: NDArray[np.generic]) -> None:
        """Add the columns of a table of shape (height, len(names))."""
        self.names.extend(names)
        self._values.extend(values.T)

    def matrix(self) -> Floats:
        """Return all columns as float32 of shape (height, columns)."""
        # written row by row of the transpose, which is several times faster than column by column
        table = np.empty((len(self.names), self.height), dtype=np.float32)
        for row, values in zip(table, self._values, strict=True):
            row[:] = values
        return np.ascontiguousarray(table.T)


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
    from webdata_assets.stages.extract.main_content.neighbour_features import add_neighbours
    from webdata_assets.stages.extract.main_content.page_features import page_features
    from webdata_assets.stages.extract.main_content.text_features import read_texts
    from webdata_assets.stages.extract.main_content.tree_features import read_tree

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
