"""What the elements around a block tell: their size, their links, their names, their likes on the page.

What belongs here: features from the ancestors of a block. What does not: its text (text_features.py), and
the blocks before and after it (neighbour_features.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webdata_assets.stages.extract.main_content.blocks import Blocks
from webdata_assets.stages.extract.main_content.feature_columns import Columns
from webdata_assets.stages.extract.main_content.text_features import Texts
from webdata_assets.stages.extract.main_content.vocabulary import CONTAINER_TAGS, NAME_CATEGORIES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVELS = 9
"""Ancestors of a block that are looked at: the element that holds it, and eight above."""
_MEASURED_LEVELS = (0, 1, 2, 3, 4, 6, 8)
_CONTAINER_SHARES = (0.5, 0.75, 0.9)
_SIGNATURE_BASE = 100_003
_CHARACTERS, _LINKS, _BLOCKS, _PUNCTUATION, _RUNNING, _WORDS = range(6)


@dataclass(frozen=True, eq=False)
class Tree:
    """Elements around blocks.

    Attributes:
        ancestors: of shape (LEVELS, blocks): the elements that hold each block, the root repeated at the end.
        totals: of shape (elements, 6): characters, characters in links, blocks, punctuation, characters of
            running text and words in each element.
    """

    ancestors: Integers
    totals: Floats


def read_tree(page: Blocks, texts: Texts, columns: Columns) -> Tree:
    """Sum up elements, and add the columns of a block's ancestors."""
    parents = np.array(page.parents, dtype=np.int64)
    above = np.maximum(parents, 0)
    chain = [np.array(page.elements, dtype=np.int64)]
    for _ in range(LEVELS - 1):
        chain.append(above[chain[-1]])
    ends = _subtree_ends(page.parents)
    tree = Tree(np.stack(chain), _totals(page, texts, ends))
    depths = np.array(page.depths, dtype=np.int64)
    columns.add("depth", depths[chain[0]])
    columns.add("hidden", np.array(page.is_hidden)[chain[0]])
    _add_names(page, tree, columns)
    _add_sizes(page, tree, columns)
    _add_likes(page, texts, tree, columns)
    _add_main_element(ends, depths, tree, columns)
    return tree


def _totals(page: Blocks, texts: Texts, ends: Integers) -> Floats:
    totals = np.zeros((len(page.parents), 6))
    of_block = np.stack(
        [
            texts.characters,
            np.array(page.link_characters, dtype=np.float64),
            np.ones(len(page.texts)),
            texts.punctuation,
            texts.running,
            texts.words,
        ],
        axis=1,
    )
    np.add.at(totals, page.elements, of_block)
    # elements are in document order: those within one follow it without a gap
    summed = np.concatenate([np.zeros((1, 6)), np.cumsum(totals, axis=0)])
    within: Floats = summed[ends] - summed[:-1]
    return within


def _add_names(page: Blocks, tree: Tree, columns: Columns) -> None:
    holders = tree.ancestors[0]
    containers = np.array(page.containers, dtype=np.int64)[holders]
    bits = np.arange(len(CONTAINER_TAGS))
    columns.add_table([f"in_{tag}" for tag in CONTAINER_TAGS], (containers[:, None] >> bits) & 1)
    own = np.array(page.categories, dtype=np.int64)
    inherited = page.categories.copy()
    for element in range(1, len(inherited)):
        inherited[element] |= inherited[page.parents[element]]
    near = own[tree.ancestors[0]] | own[tree.ancestors[1]] | own[tree.ancestors[2]]
    middle = near | own[tree.ancestors[3]] | own[tree.ancestors[4]] | own[tree.ancestors[5]]
    every = np.array(inherited, dtype=np.int64)[holders]
    bits = np.arange(len(NAME_CATEGORIES))
    for scope, masks in (("near", near), ("middle", middle), ("above", every)):
        columns.add_table([f"{scope}_{name}" for name in NAME_CATEGORIES], (masks[:, None] >> bits) & 1)


def _add_sizes(page: Blocks, tree: Tree, columns: Columns) -> None:
    totals = tree.totals
    characters = np.maximum(totals[:, _CHARACTERS], 1)
    sizes = np.stack(
        [
            np.log1p(totals[:, _CHARACTERS]),
            totals[:, _LINKS] / characters,
            np.log1p(totals[:, _BLOCKS]),
            totals[:, _PUNCTUATION] / np.maximum(totals[:, _WORDS], 1),
            totals[:, _CHARACTERS] / characters[0],
            totals[:, _RUNNING] / characters,
            np.log1p(totals[:, _CHARACTERS] / np.maximum(totals[:, _BLOCKS], 1)),
        ],
        axis=1,
    )
    names = ("characters", "link_share", "blocks", "punctuation", "page_share", "running", "mean")
    for level in _MEASURED_LEVELS:
        columns.add_table([f"level{level}_{name}" for name in names], sizes[tree.ancestors[level]])
    tags = np.array(page.tags, dtype=np.int64)
    for level in (1, 2, 3):
        columns.add(f"level{level}_tag", tags[tree.ancestors[level]])


def _add_likes(page: Blocks, texts: Texts, tree: Tree, columns: Columns) -> None:
    """Add how many blocks of the page are held by elements of the same tags and classes, and their text."""
    signatures = np.array(page.signatures, dtype=np.int64)
    whole = texts.characters.sum()
    for name, lower, upper in (("like", 0, 1), ("like_above", 1, 2)):
        keys = signatures[tree.ancestors[lower]] * _SIGNATURE_BASE + signatures[tree.ancestors[upper]]
        _, groups = np.unique(keys, return_inverse=True)
        members = np.bincount(groups)
        characters = np.bincount(groups, texts.characters)
        links = np.bincount(groups, texts.characters * texts.link_share)
        columns.add(f"{name}_blocks", np.log1p(members)[groups])
        columns.add(f"{name}_share", characters[groups] / whole)
        columns.add(f"{name}_link_share", (links / characters)[groups])
        columns.add(f"{name}_mean", np.log1p(characters / members)[groups])


def _add_main_element(ends: Integers, depths: Integers, tree: Tree, columns: Columns) -> None:
    """Add where a block is to the deepest elements that hold 50, 75 and 90 % of the running text."""
    running = tree.totals[:, _RUNNING]
    holders = tree.ancestors[0]
    numbers = np.arange(columns.height)
    for share in _CONTAINER_SHARES:
        name = f"main{round(share * 100)}"
        candidates = np.flatnonzero(running >= share * max(running[0], 1))
        main = int(candidates[np.argmax(depths[candidates])]) if len(candidates) else 0
        inside = (holders >= main) & (holders < ends[main])
        members = np.flatnonzero(inside)
        first, end = (members[0], members[-1]) if len(members) else (0, 0)
        columns.add(f"{name}_inside", inside)
        columns.add(f"{name}_depth", np.where(inside, depths[holders] - depths[main], -1))
        columns.add(f"{name}_from_start", (numbers - first) / columns.height)
        columns.add(f"{name}_to_end", (end - numbers) / columns.height)


def _subtree_ends(parents: list[int]) -> Integers:
    """Return of each element the number after its last descendant's; elements are in document order."""
    ends = list(range(1, len(parents) + 1))
    for element in range(len(ends) - 1, 0, -1):
        parent = parents[element]
        if ends[element] > ends[parent]:
            ends[parent] = ends[element]
    return np.array(ends, dtype=np.int64)
