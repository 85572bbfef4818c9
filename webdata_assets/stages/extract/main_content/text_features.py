"""What a block's own text tells: lengths, punctuation, letters, words, and what the page says elsewhere.

What belongs here: features of one block by itself, and of its place. What does not: the tree around it
(tree_features.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webdata_assets.stages.extract.main_content.blocks import Blocks
from webdata_assets.stages.extract.main_content.feature_columns import Columns
from webdata_assets.stages.extract.main_content.page_words import PageWords
from webdata_assets.stages.extract.main_content.vocabulary import TAG_NUMBER, WORD_BITS, WORD_CATEGORIES

Floats = NDArray[np.float64]

LONG_CHARACTERS = 80
"""From this length on a text with few links is taken for running text."""
_SHORT_CHARACTERS = 160
"""Up to this length single words say what a block is for."""
_QUOTED_CHARACTERS = 40
_ASCII = 128
_MARK = "\x00"
"""In no parsed text: HTML turns it into U+FFFD."""
_SEPARATORS = "…:,.!?()[]|/»«\"'“”‹›+•·-–—"
_TERMINAL = frozenset(".!?。！？…:;")
_CLOSING = "\"'”’»)]"


@dataclass(frozen=True, eq=False)
class Texts:
    """Counts of each block.

    Attributes:
        characters, words, punctuation: how many.
        link_share: characters in links / characters.
        running: characters where it is long text with few links, else 0.
        is_terminated: 1 where it ends like a sentence.
        tags: numbers of the holding elements' tags.
        is_heading: whether h1 to h6 hold it.
        word_masks: bits of `WORD_BITS` of the words of short blocks.
        repetitions: how many blocks of the page have the same text.
    """

    characters: Floats
    words: Floats
    punctuation: Floats
    link_share: Floats
    running: Floats
    is_terminated: Floats
    tags: NDArray[np.int64]
    is_heading: NDArray[np.bool_]
    word_masks: NDArray[np.int64]
    repetitions: Floats


def read_texts(page: Blocks, about: PageWords, columns: Columns) -> Texts:
    """Count, and add the columns of single blocks."""
    texts = page.texts
    height = len(texts)
    characters = np.fromiter(map(len, texts), np.float64, height)
    words, punctuation, digits, upper = _character_counts(texts, characters)
    link_share = np.array(page.link_characters, dtype=np.float64) / characters
    spelt = _words_of_short(texts)
    masks = [_word_mask(words) for words in spelt]
    tags = np.array(page.tags, dtype=np.int64)[page.elements]
    seen: dict[str, int] = {}
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
    found = Texts(
        characters,
        words,
        punctuation,
        link_share,
        np.where((characters > LONG_CHARACTERS) & (link_share < 0.3), characters, 0.0),
        np.fromiter((text.rstrip(_CLOSING)[-1:] in _TERMINAL for text in texts), np.float64, height),
        tags,
        np.isin(tags, [TAG_NUMBER[f"h{level}"] for level in range(1, 7)]),
        np.array(masks, dtype=np.int64),
        np.fromiter((seen[text] for text in texts), np.float64, height),
    )
    columns.add("characters", np.log1p(characters))
    columns.add("words", np.log1p(words))
    columns.add("link_share", link_share)
    columns.add("word_length", characters / words)
    columns.add("punctuation_share", punctuation / words)
    columns.add("punctuation", np.minimum(punctuation, 20))
    columns.add("terminated", found.is_terminated)
    columns.add("digits", digits / characters)
    columns.add("upper", upper / characters)
    columns.add("lower_start", np.fromiter((text[0].islower() for text in texts), np.float64, height))
    for bit, name in enumerate(WORD_CATEGORIES):
        columns.add(f"word_{name}", (found.word_masks >> bit) & 1)
    columns.add("title", _title_shares(spelt, about.title))
    columns.add("described", _quoted_in(texts, about.description))
    columns.add("stated", _quoted_in(texts, about.stated))
    columns.add("repetitions", found.repetitions)
    _add_place(found, columns)
    return found


def _add_place(texts: Texts, columns: Columns) -> None:
    height = columns.height
    numbers = np.arange(height)
    read = np.cumsum(texts.characters)
    columns.add("place", read / read[-1])
    columns.add("place_blocks", numbers / height)
    columns.add("from_start", np.log1p(numbers))
    columns.add("to_end", np.log1p(height - numbers))
    columns.add("tag", texts.tags)
    titles = np.flatnonzero(texts.tags == TAG_NUMBER["h1"])
    if len(titles):
        distance = read - read[titles[0]]
        columns.add("after_h1", numbers - titles[0])
        columns.add("after_h1_characters", np.log1p(np.abs(distance)) * np.sign(distance))
    else:
        columns.add("after_h1", -999.0)
        columns.add("after_h1_characters", -99.0)
    heading = np.maximum.accumulate(np.where(texts.is_heading, numbers, -1))
    columns.add("after_heading", numbers - heading)
    columns.add("heading_tag", np.where(heading >= 0, texts.tags[np.maximum(heading, 0)], 0))
    under = np.where(heading >= 0, texts.word_masks[np.maximum(heading, 0)], 0)
    for name in ("reply", "related", "share", "subscribe"):
        columns.add(f"under_{name}", (under >> WORD_CATEGORIES.index(name)) & 1)


def _character_counts(texts: list[str], characters: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return words, punctuation, digits and capitals of each text, all texts at once."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _CHARACTER_CLASSES[np.minimum(codes, _ASCII)]
    starts = np.concatenate([[0], np.cumsum(characters[:-1])]).astype(np.int64)
    spaces, punctuation, digits, upper = (
        np.add.reduceat((classes == kind).astype(np.int32), starts).astype(np.float64)
        for kind in (1, 2, 3, 4)
    )
    if codes.max() >= _CJK_PUNCTUATION[0]:
        punctuation += np.add.reduceat(np.isin(codes, _CJK_PUNCTUATION).astype(np.int32), starts)
    return spaces + 1, punctuation, digits, upper


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(_ASCII + 1, dtype=np.uint8)
    for kind, members in enumerate((" \n\t", ",.;!?", "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), start=1):
        for member in members:
            table[ord(member)] = kind
    return table


_CHARACTER_CLASSES = _classes()
_CJK_PUNCTUATION = np.array([ord(mark) for mark in "、。！，？"], dtype=np.uint32)


def _words_of_short(texts: list[str]) -> list[list[str]]:
    """Return the words, in lower case, of each text that is no longer than a title; none of longer ones."""
    short = [text if len(text) < _SHORT_CHARACTERS else "" for text in texts]
    return [text.split() for text in _folded(_MARK.join(short)).split(_MARK)]


def _folded(text: str) -> str:
    """Return a text in lower case, its separators as spaces; one replacement each beats a translation."""
    folded = text.lower()
    for separator in _SEPARATORS:
        folded = folded.replace(separator, " ")
    return folded


def _word_mask(words: list[str]) -> int:
    mask = 0
    for word in words:
        if bits := WORD_BITS.get(word):
            mask |= bits
    return mask


def _title_shares(texts: list[list[str]], title: str) -> Floats:
    """Return the share of each short text's words that the title has."""
    wanted = set(_folded(title).split())
    if not wanted:
        return np.zeros(len(texts))
    shares = (sum([word in wanted for word in words]) / max(len(words), 3) for words in texts)
    return np.fromiter(shares, np.float64, len(texts))


def _quoted_in(texts: list[str], whole: str) -> Floats:
    if not whole:
        return np.zeros(len(texts))
    found = (len(text) > _QUOTED_CHARACTERS // 2 and text[:_QUOTED_CHARACTERS] in whole for text in texts)
    return np.fromiter(found, np.float64, len(texts))
