"""Decompression: whole or not at all, and never beyond the cap."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import PermanentError, TransientError
from webdata_assets.stages.crawl.http.bodies import BodyReader


def packed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body)
    packer = zlib.compressobj(6, zlib.DEFLATED, {"deflate": 15, "raw": -15}[encoding])
    return packer.compress(body) + packer.flush()


def read(chunks: list[bytes], encoding: str, max_bytes: int = 10_000) -> bytes:
    reader = BodyReader(encoding, max_bytes)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


@given(st.binary(max_size=2_000), st.sampled_from(["gzip", "deflate", "raw"]), st.integers(1, 50))
def test_what_was_packed_is_unpacked_however_it_is_cut(body: bytes, encoding: str, size: int) -> None:
    raw = packed(body, encoding)
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert read(chunks, "deflate" if encoding == "raw" else encoding) == body


def test_gzip_members_follow_one_another() -> None:
    assert read([gzip.compress(b"one"), gzip.compress(b"two")], "gzip") == b"onetwo"
    assert read([gzip.compress(b"one") + gzip.compress(b"two")], "gzip") == b"onetwo"


def test_an_empty_body_may_claim_any_encoding() -> None:
    assert read([], "gzip") == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bytes_that_break_off_are_refused(encoding: str) -> None:
    with pytest.raises(TransientError, match="not whole"):
        read([packed(b"x" * 1000, encoding)[:-1]], encoding)


def test_the_cap_counts_unpacked_bytes_over_all_members() -> None:
    with pytest.raises(PermanentError, match="larger than 10 bytes"):
        read([gzip.compress(b"12345678") * 2], "gzip", max_bytes=10)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(PermanentError, match="not asked for"):
        read([b"x"], encoding)
