"""Records → the rows of their chunks.

What belongs here: which text of a record is cut, by which chunker, and what a row holds. What does not:
vectors (embed.py).
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl
from blake3 import blake3

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.embeddings import CHUNKED_FIELDS
from webdata_assets.stages.embed.chunking.boundaries import paragraphs_of
from webdata_assets.stages.embed.chunking.chunk import MIN_MAX_TOKENS, Chunk, encoded_text
from webdata_assets.stages.embed.chunking.context import BUDGET_SHARE, Contexts
from webdata_assets.stages.embed.chunking.packer import Packer
from webdata_assets.stages.embed.chunking.semantic import semantic_chunks
from webdata_assets.stages.embed.chunking.tokens import TextTokens
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.extract.main_content.structure import Part, parts_of

Chunker = Literal["structure", "semantic-text-splitter"]

CHUNK_SCHEMA = pl.Schema(
    {
        name: dtype
        for name, dtype in TABLES["embeddings"].polars_schema.items()
        if name not in ("model_id", "vector")
    }
)
"""The columns of `embeddings` that are known before anything is encoded."""

_RECORDS_AT_ONCE = 64
_COLUMNS = ("date", "source", "record_id", "title", "text", "structured_text")


def chunk_records(
    records: pl.DataFrame, encoder: TextEncoder, *, chunker: Chunker = "structure"
) -> pl.DataFrame:
    """Return the chunks of records as `CHUNK_SCHEMA`, in the order of the records and of their texts.

    Cut is the structured text, else the plain text, else the title; records without any have no chunks.
    `record[field][start:end] == text`, and no two chunks of a record overlap.

    Args:
        records: rows of the `records` table.
        encoder: says what a token is and how many it reads. Each text is asked for its tokens once, where
            the encoder says `splits_at_space`.

    Raises:
        ValueError: the encoder reads fewer than 16 tokens.
        PermanentError: CONFIGURATION, when the chunker is not installed.
    """
    if encoder.max_tokens < MIN_MAX_TOKENS:
        raise ValueError(f"chunks of {encoder.max_tokens} tokens are too short; at least {MIN_MAX_TOKENS}")
    rows: list[tuple[object, ...]] = []
    for batch in records.select(_COLUMNS).iter_slices(_RECORDS_AT_ONCE):
        keys = batch.select("date", "source", "record_id").rows()
        texts = [_Texts(*row) for row in batch.select("title", "text", "structured_text").iter_rows()]
        for (date, source, record_id), record, chunks in zip(
            keys, texts, _chunk(texts, encoder, chunker), strict=True
        ):
            for ordinal, chunk in enumerate(chunks):
                piece = record.text[chunk.start : chunk.end]
                rows.append(
                    (
                        date,
                        source,
                        f"{record_id}-{ordinal:04d}",
                        record_id,
                        ordinal,
                        record.field,
                        chunk.start,
                        chunk.end,
                        chunk.heading_path,
                        chunk.tokens,
                        piece,
                        chunk.context,
                        blake3(encoded_text(chunk.context, piece).encode()).hexdigest(),
                    )
                )
    return pl.DataFrame(rows, schema=CHUNK_SCHEMA, orient="row")


class _Texts:
    """What is cut of a record, and its title."""

    def __init__(self, title: str | None, text: str | None, structured_text: str | None) -> None:
        texts = dict(zip(CHUNKED_FIELDS, (structured_text, text, title), strict=True))
        self.field = next((name for name, each in texts.items() if each and each.strip()), "title")
        self.text = texts[self.field] or ""
        self.title = (title or "") if self.field != "title" else ""

    def parts(self) -> list[Part]:
        """Return the parts of what is cut."""
        return list(parts_of(self.text) if self.field == "structured_text" else paragraphs_of(self.text))


def _chunk(texts: Sequence[_Texts], encoder: TextEncoder, chunker: Chunker) -> Iterator[list[Chunk]]:
    """Yield the chunks of each of some texts."""
    offsets = encoder.token_offsets_batch([text for each in texts for text in (each.text, each.title)])

    def tokens_of(text: str, number: int) -> TextTokens:
        return TextTokens(
            text, offsets[number], encoder.token_offsets, splits_at_space=encoder.splits_at_space
        )

    for number, each in enumerate(texts):
        parts = each.parts()
        if not parts:
            yield []
            continue
        tokens = tokens_of(each.text, 2 * number)
        title = tokens_of(each.title, 2 * number + 1) if each.title else None
        contexts = Contexts(
            each.text, title, _heading_tokens(parts, tokens), encoder.max_tokens // BUDGET_SHARE
        )
        if chunker == "structure":
            yield list(Packer(tokens, parts, contexts, encoder.max_tokens).chunks())
        else:
            is_markdown = each.field == "structured_text"
            yield list(
                semantic_chunks(
                    each.text,
                    parts,
                    contexts,
                    encoder.token_offsets,
                    encoder.max_tokens,
                    is_markdown=is_markdown,
                )
            )


def _heading_tokens(parts: Sequence[Part], tokens: TextTokens) -> dict[str, int]:
    """Return the tokens of each heading, by its words."""
    counts = {}
    for part in parts:
        if part.kind == "heading":
            begin = part.start + part.level + 1
            counts[tokens.text[begin : part.end]] = tokens.count(begin, part.end)
    return counts
