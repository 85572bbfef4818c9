"""The chunker of the package `semantic-text-splitter`, as an option.

What belongs here: its answers as our chunks. What does not: our own rules (packer.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.embed.chunking.chunk import Chunk, encoded_text
from webdata_assets.stages.embed.chunking.context import BUDGET_SHARE, Contexts
from webdata_assets.stages.embed.chunking.tokens import SPECIAL_TOKENS, OffsetsOf
from webdata_assets.stages.extract.main_content.structure import Part


def semantic_chunks(
    text: str,
    parts: Sequence[Part],
    contexts: Contexts,
    offsets_of: OffsetsOf,
    max_tokens: int,
    *,
    is_markdown: bool,
) -> Iterator[Chunk]:
    """Yield the chunks that the splitter makes of a text, with our contexts.

    Each leaves room for the longest context. The splitter tokenises the text many times over.

    Raises:
        PermanentError: CONFIGURATION, when the package is not installed.
    """
    splitter = _splitters()[is_markdown].from_callback(
        lambda slice_: len(offsets_of(slice_)), max_tokens - SPECIAL_TOKENS - max_tokens // BUDGET_SHARE
    )
    number = 0
    for offset, slice_ in splitter.chunk_indices(text):
        if not (stripped := slice_.strip()):
            continue
        start = offset + len(slice_) - len(slice_.lstrip())
        while number + 1 < len(parts) and parts[number + 1].start <= start:
            number += 1
        path = parts[number].path
        context = contexts.before(start, path)
        tokens = len(offsets_of(encoded_text(context.text, stripped)))
        yield Chunk(start, start + len(stripped), tokens + SPECIAL_TOKENS, path, context.text)


def _splitters() -> tuple[Any, Any]:
    """Return the splitters of plain text and of Markdown."""
    try:
        from semantic_text_splitter import MarkdownSplitter, TextSplitter
    except ImportError as error:
        raise PermanentError(
            "the chunker semantic-text-splitter is not installed: pip install 'webdata-assets[splitter]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return TextSplitter, MarkdownSplitter
