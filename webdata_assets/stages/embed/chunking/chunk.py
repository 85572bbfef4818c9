"""What a chunk is, and what the encoder reads of it.

What belongs here: the values that all chunkers make. What does not: where to cut (packer.py, semantic.py).
"""

from dataclasses import dataclass

MIN_MAX_TOKENS = 16
"""Shorter chunks hold no sentence."""


@dataclass(frozen=True)
class Chunk:
    """A slice of a text.

    Attributes:
        start: of its first character in the text.
        end: after its last character.
        tokens: of what is encoded, special ones included.
        heading_path: the headings above its first character, outermost first.
        context: what is encoded before it; None for nothing.
    """

    start: int
    end: int
    tokens: int
    heading_path: tuple[str, ...] = ()
    context: str | None = None


def encoded_text(context: str | None, text: str) -> str:
    """Return what the encoder reads of a chunk: its context, a blank line, and its text."""
    return text if context is None else f"{context}\n\n{text}"
