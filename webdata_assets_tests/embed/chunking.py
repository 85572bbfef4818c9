"""Readers for the tests of chunking: tokenizers of several kinds, with any limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.chunking.records import chunk_records
from webdata_assets_tests.embed.tiny import tiny_tokenizer

RECORD_ID = "0" * 32
COLUMNS = ("date", "source", "record_id", "title", "text", "structured_text")
_PROSE = ["the quick brown fox jumps over the lazy dog, running and running. " * 3, "an end\n\nof it (all)"]


@dataclass(frozen=True)
class Reader:
    """The part of an encoder that chunking asks."""

    tokenizer: Tokenizer
    max_tokens: int
    splits_at_space: bool = False

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return self.tokenizer.encode(text, add_special_tokens=False).offsets

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [self.token_offsets(text) for text in texts]


@cache
def word_pieces() -> Tokenizer:
    """Return a tokenizer of words, as BERT has."""
    return Tokenizer.from_buffer(tiny_tokenizer())


@cache
def byte_pairs() -> Tokenizer:
    """Return a tokenizer of bytes, whose tokens hold the spaces before words, as GPT-2 has."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_PROSE * 20, trainer)
    return tokenizer


@cache
def sentence_pieces() -> Tokenizer:
    """Return a tokenizer whose tokens go over spaces where that saves one."""
    tokenizer = Tokenizer(models.Unigram([("<unk>", -10.0)], unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    trainer = trainers.UnigramTrainer(
        vocab_size=120, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator(_PROSE * 20, trainer)
    return tokenizer


def records(*texts: tuple[str | None, str | None, str | None]) -> pl.DataFrame:
    """Return records of titles, texts and structured texts."""
    schema = {name: TABLES["records"].polars_schema[name] for name in COLUMNS}
    rows: list[Any] = [("2026-01-02", "demo", f"{number:032x}", *each) for number, each in enumerate(texts)]
    frame = pl.DataFrame(rows, schema=dict(schema, date=pl.String), orient="row")
    return frame.with_columns(pl.col("date").str.to_date())


def chunk(
    structured_text: str | None,
    max_tokens: int,
    *,
    title: str | None = None,
    text: str | None = None,
    tokenizer: Tokenizer | None = None,
    chunker: str = "structure",
) -> pl.DataFrame:
    """Return the chunks of one record, cut by a small tokenizer of words if no other is given."""
    reader = Reader(tokenizer or word_pieces(), max_tokens, splits_at_space=tokenizer is None)
    return chunk_records(records((title, text, structured_text)), reader, chunker=chunker)
