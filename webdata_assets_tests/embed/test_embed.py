"""Encoding texts and embedding records."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.embeddings import Embeddings
from webdata_assets.stages.embed.embed import embed_records, vector_matrix
from webdata_assets_tests.embed.tiny import HIDDEN, MAX_TOKENS, tiny_encoder

NOTHING_KNOWN = TABLES["embeddings"].empty().select("text_hash", "vector")


class Counting:
    """The tiny encoder, which also remembers what it was asked to encode."""

    def __init__(self):
        self.inner = tiny_encoder()
        self.model_id, self.dimensions = self.inner.model_id, self.inner.dimensions
        self.max_tokens = self.inner.max_tokens
        self.encoded = []

    def encode(self, texts):
        self.encoded += texts
        return self.inner.encode(texts)

    def token_offsets(self, text):
        return self.inner.token_offsets(text)


def records(*texts, duplicate_of=None):
    return pl.DataFrame(
        [
            {
                "date": dt.date(2026, 1, 2),
                "source": "demo",
                "record_id": f"{number:032x}",
                "title": title,
                "text": text,
                "duplicate_of": duplicate_of,
            }
            for number, (title, text) in enumerate(texts)
        ],
        schema={name: TABLES["records"].polars_schema[name] for name in
                ("date", "source", "record_id", "title", "text", "duplicate_of")},
    )  # fmt: skip


def test_rows_match_the_schema_and_hold_exact_slices():
    rows = embed_records(records(("Title", "one two. " * 30), (None, "x")), tiny_encoder(), NOTHING_KNOWN)
    Embeddings.validate(rows)
    assert rows.schema == TABLES["embeddings"].polars_schema
    document = "Title\n\n" + "one two. " * 30
    first = rows.filter(record_id="0" * 32)
    assert len(first) > 1
    for text, start, end in first.select("text", "start", "end").iter_rows():
        assert text == document[start:end]
    assert first["ordinal"].to_list() == list(range(len(first)))
    assert rows["chunk_id"].is_sorted()
    assert (rows["tokens"] <= MAX_TOKENS).all()


def test_vectors_are_unit_vectors_of_their_texts():
    rows = embed_records(records((None, "one"), (None, "two")), tiny_encoder(), NOTHING_KNOWN)
    vectors = vector_matrix(rows["vector"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors, tiny_encoder().encode(rows["text"].to_list()))


def test_the_same_text_is_encoded_once_also_for_duplicates():
    encoder = Counting()
    same = records((None, "same"), (None, "same"), (None, "other"), duplicate_of="0" * 32)
    rows = embed_records(same, encoder, NOTHING_KNOWN)
    assert sorted(encoder.encoded) == ["other", "same"]
    assert len(rows) == 3
    assert rows["vector"][0].to_list() == rows["vector"][1].to_list()


def test_known_texts_are_not_encoded_again():
    known = embed_records(records((None, "old")), tiny_encoder(), NOTHING_KNOWN)
    encoder = Counting()
    known = pl.concat([known, known]).select("text_hash", "vector")
    rows = embed_records(records((None, "old"), (None, "new")), encoder, known)
    assert encoder.encoded == ["new"]
    assert rows["vector"][0].to_list() == known["vector"][0].to_list()


def test_known_vectors_of_another_length_are_refused():
    known = embed_records(records((None, "old")), tiny_encoder(), NOTHING_KNOWN)
    short = known.select("text_hash", pl.col("vector").list.head(3))
    with pytest.raises(ValueError, match="lengths differ"):
        embed_records(records((None, "old")), tiny_encoder(), short)


@pytest.mark.parametrize("texts", [[], [(None, None)], [("", " ")]])
def test_records_without_text_have_no_rows(texts):
    rows = embed_records(records(*texts), tiny_encoder(), NOTHING_KNOWN)
    assert rows.is_empty()
    assert rows.schema == TABLES["embeddings"].polars_schema


def test_vectors_come_in_the_order_of_the_texts_and_do_not_depend_on_their_company(tiny):
    texts = ["a " * n for n in (1, 90, 5, 40, 2)] + ["", "the running"]
    together = tiny.encode(texts)
    alone = np.concatenate([tiny.encode([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(tiny.encode(texts[::-1]), together[::-1])


def test_no_texts_give_no_vectors(tiny):
    assert tiny.encode([]).shape == (0, HIDDEN)


def test_the_real_encoder_names_its_weights_and_puts_like_beside_like(encoder):
    assert encoder.model_id == "all-MiniLM-L6-v2@53aa51172d14/int8/mean/256"
    texts = ["The cat sits on the mat.", "A kitten rests on a rug.", "Interest rates rose in March."]
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, encoder.dimensions) == (3, 384)
    similar = vectors @ vectors.T
    np.testing.assert_allclose(np.diag(similar), 1, atol=1e-5)
    assert similar[0, 1] > 0.4 > 0.2 > similar[0, 2]


def test_the_real_encoder_gives_the_same_bits_whatever_is_encoded_beside(encoder):
    texts = ["word " * n for n in (3, 300, 12)]
    np.testing.assert_array_equal(
        encoder.encode(texts), np.concatenate([encoder.encode([text]) for text in texts])
    )
