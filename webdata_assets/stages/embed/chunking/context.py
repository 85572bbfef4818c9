"""What a chunk is encoded with: the title and the headings above it, as far as they fit.

What belongs here: choosing and counting them. What does not: cutting the text itself (packer.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from webdata_assets.stages.embed.chunking.tokens import SPACE, TextTokens

BUDGET_SHARE = 8
"""A context has at most one in so many of the tokens that the encoder reads."""

_MARKUP = re.compile(r"(?:[#>\s-]|\d{1,9}\. ){0,64}")
_LAST_WORD = re.compile(rf"{SPACE}+\S+$")


@dataclass(frozen=True)
class Context:
    """Some lines before a chunk; `text` is None where there are none."""

    text: str | None
    tokens: int


NO_CONTEXT = Context(None, 0)


class Contexts:
    """The contexts of one record's chunks.

    Args:
        text: what is cut.
        title: the record's title with its tokens; None where it has none.
        heading_tokens: tokens of each heading in the text.
        budget: tokens that a context may have.
    """

    def __init__(
        self, text: str, title: TextTokens | None, heading_tokens: Mapping[str, int], budget: int
    ) -> None:
        self._text = text
        self._budget = budget
        self._title = _cut_to(title, budget) if title is not None else None
        self._full_title = title.text if title is not None else ""
        self._heading_tokens = heading_tokens

    def before(self, start: int, heading_path: tuple[str, ...]) -> Context:
        """Return the context of the chunk that begins at `start`, below some headings.

        What the chunk itself begins with is not repeated, nor a heading that equals the title. Where not all
        fits, outer headings are left out before inner ones and before the title.
        """
        markup = _MARKUP.match(self._text, start)
        begins_at = markup.end() if markup else start
        lines: list[tuple[str, int]] = []
        room = self._budget
        seen = {"", _folded(self._full_title)}
        if self._title is not None and not self._begins_with(self._full_title, begins_at):
            lines.append(self._title)
            room -= self._title[1]
        inner: list[tuple[str, int]] = []
        for heading in reversed(heading_path):
            tokens = self._heading_tokens[heading]
            if tokens > room:
                break
            if _folded(heading) not in seen and not self._begins_with(heading, begins_at):
                inner.append((heading.strip(), tokens))
                room -= tokens
            seen.add(_folded(heading))
        lines += reversed(inner)
        if not lines:
            return NO_CONTEXT
        return Context("\n".join(line for line, _ in lines), sum(tokens for _, tokens in lines))

    def _begins_with(self, words: str, place: int) -> bool:
        """Tell whether the text goes on with these words at a place, whatever the case and the spaces."""
        wanted = _folded(words)
        found = _folded(self._text[place : place + len(words) + 1])
        return found.startswith(wanted) and not found[len(wanted) : len(wanted) + 1].isalnum()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _cut_to(title: TextTokens, budget: int) -> tuple[str, int] | None:
    """Return as many words of the title as fit, with their tokens; None where not even one does."""
    end = title.furthest(0, budget)
    if not title.is_at_space(end) and (space := _LAST_WORD.search(title.text, 0, end)):
        end = space.start()
    text = title.text[:end].strip()
    tokens = title.measure(0, end, None, 0)
    return (text, tokens) if text and tokens <= budget else None
