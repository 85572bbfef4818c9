"""What the pages of one site share: blocks that stand on most of them are not what a page is about.

What belongs here: learning and knowing such blocks. What does not: the model's own idea of furniture.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

LEAST_PAGES = 5
"""Of a host: fewer say nothing about what is common."""
LEAST_SHARE = 0.5
"""Of a host's pages that have a block."""
_DIGEST_BYTES = 12


@dataclass(frozen=True)
class Templates:
    """The blocks that most pages of a host have, by host."""

    blocks: dict[str, frozenset[bytes]] = field(default_factory=dict)

    def marked(self, url: str, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Return of each block whether it belongs to its host's template."""
        known = self.blocks.get(_host(url), frozenset())
        return np.array([_digest(text) in known for text in texts], dtype=bool)


class TemplateLearner:
    """Counts the blocks of pages, one page at a time. Memory grows with the number of different blocks."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._blocks: dict[str, Counter[bytes]] = {}

    def add(self, url: str, texts: Iterable[str]) -> None:
        """Count a page's blocks, each once."""
        self.add_digests(url, block_digests(texts))

    def add_digests(self, url: str, digests: Iterable[bytes]) -> None:
        """Count a page's blocks of which `block_digests` was taken elsewhere."""
        host = _host(url)
        self._pages[host] += 1
        self._blocks.setdefault(host, Counter()).update(digests)

    def learnt(self) -> Templates:
        """Return the blocks on at least half of the pages of a host with at least five pages."""
        return Templates(
            {
                host: frozenset(block for block, count in blocks.items() if count >= LEAST_SHARE * pages)
                for host, blocks in self._blocks.items()
                if (pages := self._pages[host]) >= LEAST_PAGES
            }
        )


def block_digests(texts: Iterable[str]) -> frozenset[bytes]:
    """Return what identifies the different blocks of a page."""
    return frozenset(map(_digest, texts))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _digest(text: str) -> bytes:
    return blake3(" ".join(text.split()).encode()).digest(length=_DIGEST_BYTES)
