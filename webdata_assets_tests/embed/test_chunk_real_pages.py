"""Chunks of real pages, as the default encoder reads them."""

import gzip

import polars as pl
import pytest

from webdata_assets.stages.embed.chunking.chunk import encoded_text
from webdata_assets.stages.embed.chunking.records import chunk_records
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets.stages.extract.document import parse_document
from webdata_assets.stages.extract.main_content.find import find_main_content
from webdata_assets.stages.extract.main_content.structure import parts_of
from webdata_assets_tests.embed.chunking import records
from webdata_assets_tests.extract.making import data_folder

PAGES = 12
SPECIAL_TOKENS = 2


@pytest.fixture(scope="module")
def pages() -> pl.DataFrame:
    """Real articles as structured text, in several languages."""
    texts = []
    for path in sorted(data_folder("mozilla_readability").glob("*/source.html.gz"))[:PAGES]:
        document = parse_document(
            "https://x.test/", gzip.decompress(path.read_bytes()), "text/html; charset=utf-8", "html"
        )
        content = find_main_content(document, mode="balanced")
        assert content is not None
        texts.append((path.parent.name, content.text, content.structured_text))
    return records(*texts)


@pytest.mark.parametrize("chunker", ["structure", "semantic-text-splitter"])
def test_no_chunk_of_a_real_page_is_altered_or_truncated(
    pages: pl.DataFrame, encoder: OnnxEncoder, chunker: str
) -> None:
    chunks = chunk_records(pages, encoder, chunker=chunker)
    read = encoder.token_offsets_batch(
        [encoded_text(context, text) for context, text in chunks.select("context", "text").iter_rows()]
    )
    assert [len(tokens) + SPECIAL_TOKENS for tokens in read] == chunks["tokens"].to_list()
    assert chunks["tokens"].max() <= encoder.max_tokens
    for record_id, whole in pages.select("record_id", "structured_text").iter_rows():
        own = chunks.filter(record_id=record_id)
        assert own["text"].to_list() == [whole[a:b] for a, b in own.select("start", "end").iter_rows()]
        assert "".join("".join(own["text"]).split()) == "".join(whole.split())


def test_chunks_of_real_pages_are_well_filled_and_seldom_tear_a_part(
    pages: pl.DataFrame, encoder: OnnxEncoder
) -> None:
    chunks = chunk_records(pages, encoder)
    assert chunks["tokens"].median() >= 0.75 * encoder.max_tokens
    torn = parts = 0
    for record_id, whole in pages.select("record_id", "structured_text").iter_rows():
        own = chunks.filter(record_id=record_id)
        for part in parts_of(whole):
            parts += 1
            torn += len(own.filter((pl.col("start") < part.end) & (pl.col("end") > part.start))) > 1
    assert torn / parts < 0.1
