"""What a page is like as a whole: how much text, in what elements, and what it says it is.

What belongs here: one number for the whole page each. What does not: single blocks.
"""

from collections import Counter

import numpy as np

from webdata_assets.stages.extract.main_content.blocks import Blocks
from webdata_assets.stages.extract.main_content.hints import page_hints
from webdata_assets.stages.extract.main_content.page_words import PageWords
from webdata_assets.stages.extract.main_content.text_features import Texts
from webdata_assets.stages.extract.main_content.tree_features import Tree
from webdata_assets.stages.extract.main_content.vocabulary import TAG_NUMBER, WORD_CATEGORIES

_PARAGRAPH_CHARACTERS = 200


def page_features(page: Blocks, texts: Texts, tree: Tree, about: PageWords) -> dict[str, float]:
    """Return the features of a whole page by name."""
    height = len(page.texts)
    characters, links, _, _, running, _ = tree.totals[0]
    tags = Counter(page.names)
    counts = np.bincount(texts.tags, minlength=len(TAG_NUMBER) + 1) / height
    masks = texts.word_masks
    return {
        "blocks": float(np.log1p(height)),
        "characters": float(np.log1p(characters)),
        "link_share": links / characters,
        "running_share": running / characters,
        "mean": float(np.log1p(characters / height)),
        "paragraphs": float(np.sum(texts.characters > _PARAGRAPH_CHARACTERS)),
        "p": float(counts[TAG_NUMBER["p"]]),
        "li": float(counts[TAG_NUMBER["li"]]),
        "td": float(counts[TAG_NUMBER["td"]]),
        "pre": float(counts[TAG_NUMBER["pre"]]),
        "headings": float(texts.is_heading.mean()),
        "articles": float(tags["article"]),
        "forms": float(tags["form"]),
        "mains": float(tags["main"]),
        "h1": float(tags["h1"]),
        "terminated": float(texts.is_terminated.mean()),
        "commerce": float(((masks >> WORD_CATEGORIES.index("commerce")) & 1).mean()),
        "replies": float(((masks >> WORD_CATEGORIES.index("reply")) & 1).mean()),
        "counts": float(((masks >> WORD_CATEGORIES.index("count")) & 1).mean()),
        "stated": float(np.log1p(len(about.stated))),
        "is_article": float(about.is_article),
        "is_product": float(about.is_product),
        **page_hints(about.address, about.declared, about.program),
    }
