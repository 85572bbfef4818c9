"""Encoding texts and embedding records."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.embeddings import Embeddings
from webdata_assets.stages.embed import embed, progress
from webdata_assets.stages.embed.cache import MemoryCache, packed
from webdata_assets.stages.embed.embed import embed_records, vector_matrix
from webdata_assets_tests.embed.tiny import HIDDEN, MAX_TOKENS, tiny_encoder


class Counting:
    """The tiny encoder, which also remembers what it was asked to encode."""

    def __init__(self, model_id=None):
        self.inner = tiny_encoder()
        self.model_id = model_id or self.inner.model_id
        self.encoded = []

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def encode(self, texts, on_progress=None):
        self.encoded += texts
        return self.inner.encode(texts, on_progress)


def records(*texts):
    """Return records of (title, text)."""
    names = ("date", "source", "record_id", "title", "text", "structured_text", "content_hash")
    return pl.DataFrame(
        [
            {
                "date": dt.date(2026, 1, 2),
                "source": "demo",
                "record_id": f"{number:032x}",
                "title": title,
                "text": text,
            }
            for number, (title, text) in enumerate(texts)
        ],
        schema={name: TABLES["records"].polars_schema[name] for name in names},
    )


def numbered(count):
    """Return records of one chunk each, all different."""
    return records(*((None, f"text {number}") for number in range(count)))


def test_rows_match_the_schema_and_hold_exact_slices():
    text = "one two. " * 30
    rows = embed_records(records(("Title", text), (None, "x")), tiny_encoder(), MemoryCache())
    Embeddings.validate(rows)
    assert rows.schema == TABLES["embeddings"].polars_schema
    first = rows.filter(record_id="0" * 32)
    assert len(first) > 1
    for piece, start, end in first.select("text", "start", "end").iter_rows():
        assert piece == text[start:end]
    assert rows["chunk_id"].is_sorted()
    assert (rows["tokens"] <= MAX_TOKENS).all()


def test_vectors_are_those_of_what_is_encoded():
    encoder = Counting()
    rows = embed_records(records(("a", "one"), (None, "two")), encoder, MemoryCache())
    vectors = vector_matrix(rows["vector"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert sorted(encoder.encoded) == ["a\n\none", "two"]
    np.testing.assert_array_equal(vectors, tiny_encoder().encode(["a\n\none", "two"]))


def test_the_same_text_is_encoded_once():
    encoder = Counting()
    rows = embed_records(records((None, "same"), (None, "same"), (None, "other")), encoder, MemoryCache())
    assert sorted(encoder.encoded) == ["other", "same"]
    assert len(rows) == 3
    assert rows["vector"][0].to_list() == rows["vector"][1].to_list()


def test_texts_in_the_cache_are_not_encoded_again():
    cache, encoder = MemoryCache(), Counting()
    before = embed_records(records((None, "old")), tiny_encoder(), cache)
    rows = embed_records(records((None, "old"), (None, "new")), encoder, cache)
    assert encoder.encoded == ["new"]
    assert rows["vector"][0].to_list() == before["vector"][0].to_list()


def test_vectors_of_another_model_are_not_reused():
    cache, other = MemoryCache(), Counting("other@1/fp32/mean/32")
    embed_records(records((None, "old")), tiny_encoder(), cache)
    rows = embed_records(records((None, "old")), other, cache)
    assert other.encoded == ["old"]
    assert rows["model_id"].to_list() == ["other@1/fp32/mean/32"]


def test_a_switch_back_to_a_model_encodes_nothing():
    cache, encoder = MemoryCache(), Counting()
    first = embed_records(records((None, "old")), tiny_encoder(), cache)
    embed_records(records((None, "old")), Counting("other@1/fp32/mean/32"), cache)
    assert embed_records(records((None, "old")), encoder, cache).equals(first)
    assert encoder.encoded == []


def test_an_encoder_that_fails_halfway_leaves_the_finished_batches_in_the_cache(monkeypatch):
    class Failing(Counting):
        def encode(self, texts, on_progress=None):
            if len(self.encoded) == 8:
                raise ConnectionError("the endpoint is gone")
            return super().encode(texts, on_progress)

    monkeypatch.setattr(embed, "BATCH_CHUNKS", 4)
    cache, failing, after = MemoryCache(), Failing(), Counting()
    with pytest.raises(ConnectionError):
        embed_records(numbered(20), failing, cache)
    rows = embed_records(numbered(20), after, cache)
    assert sorted(failing.encoded + after.encoded) == sorted(rows["text"])


def test_rows_are_the_same_whatever_the_batches_and_the_cache(monkeypatch):
    whole = embed_records(numbered(20), tiny_encoder(), MemoryCache())
    cache = MemoryCache()
    embed_records(numbered(20).tail(7), tiny_encoder(), cache)
    monkeypatch.setattr(embed, "BATCH_CHUNKS", 3)
    assert embed_records(numbered(20).reverse(), tiny_encoder(), cache).equals(whole)


def test_batches_hold_texts_of_like_length(monkeypatch):
    monkeypatch.setattr(embed, "BATCH_CHUNKS", 2)
    encoder = Counting()
    embed_records(records(*((None, "a " * n) for n in (3, 20, 1, 12))), encoder, MemoryCache())
    assert [text.count("a") for text in encoder.encoded] == [20, 12, 3, 1]


def test_progress_is_told_at_the_start_and_the_end():
    cache, told = MemoryCache(), []
    embed_records(numbered(3), tiny_encoder(), cache)
    rows = embed_records(numbered(5), tiny_encoder(), cache, told.append)
    assert [(each.chunks, each.reused, each.wanted, each.encoded) for each in told] == [
        (5, 3, 2, 0),
        (5, 3, 2, 2),
    ]
    assert told[-1].seconds > 0
    assert told[-1].tokens == rows["tokens"].tail(2).sum()
    assert str(told[-1]).startswith("2 of 2 new texts encoded, ")


def test_progress_within_a_batch_is_told_when_it_is_time(monkeypatch):
    monkeypatch.setattr(progress, "TELL_SECONDS", 0.0)
    told = []
    embed_records(numbered(5), tiny_encoder(), MemoryCache(), told.append)
    encoded = [each.encoded for each in told]
    assert encoded == sorted(encoded)
    assert (encoded[0], encoded[-1]) == (0, 5)
    assert len(encoded) > 2


def test_vectors_that_cannot_be_used_are_refused_and_not_kept():
    class Broken(Counting):
        def encode(self, texts, on_progress=None):
            return super().encode(texts, on_progress) * np.float32(np.nan)

    cache, encoder = MemoryCache(), Counting()
    with pytest.raises(PermanentError, match="gave 1 vectors that are not finite and of length 1"):
        embed_records(records((None, "x")), Broken(), cache)
    embed_records(records((None, "x")), encoder, cache)
    assert encoder.encoded == ["x"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda vector: vector[:, :3],
        lambda vector: vector * np.float32(0.5),
        lambda vector: vector * np.float32(np.nan),
        lambda vector: vector * np.float32(np.inf),
    ],
    ids=["too short", "not of length 1", "not a number", "infinite"],
)
def test_a_damaged_vector_in_the_cache_is_an_error_that_names_the_remedy(damage):
    cache = MemoryCache()
    known = embed_records(records((None, "old")), tiny_encoder(), cache)
    broken = packed(damage(tiny_encoder().encode(["old"])))
    cache.add(tiny_encoder().model_id, known.select("text_hash").with_columns(broken))
    with pytest.raises(PermanentError, match="Delete the folder of the table `vectors`") as caught:
        embed_records(records((None, "old")), tiny_encoder(), cache)
    assert known["text_hash"][0] in str(caught.value)


@pytest.mark.parametrize("texts", [[], [(None, None)]])
def test_records_without_text_have_no_rows(texts):
    rows = embed_records(records(*texts), tiny_encoder(), MemoryCache())
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
