"""The work as a good engineer writes it without us: one function a step, with the best known libraries.

What belongs here: Scrapy, trafilatura, datatrove, fastembed and LanceDB, called as their documentation shows
and tuned. What does not: the order of the steps (by_script.py, by_dagster.py), and our own way (by_ours.py).
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

CONCURRENCY = 16
CHUNK_TOKENS = 254
"""With the two special ones as many as the model was trained to read."""
BATCH = 1
"""With one thread a process, as `parallel` has it: 19 chunks a CPU-second, 16 in fours, 14 in sixteens; with
fastembed's defaults, one process and padded batches, 10."""
TABLE = "chunks"
_MODEL = "local/all-MiniLM-L6-v2"
_DIMENSIONS = 384
_TASK_PAGES = 20

_CRAWL_SETTINGS: dict[str, Any] = {
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
    "COOKIES_ENABLED": False,
    "AUTOTHROTTLE_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": CONCURRENCY,
    "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
}


def crawl(origin: str, http_cache: Path | None) -> pl.DataFrame:
    """Return `url` and `html` of every page in the site's sitemap.

    Args:
        origin: of the site.
        http_cache: folder of Scrapy's HTTP cache, by which a second crawl asks conditionally; none if None.
    """
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.http import Response
    from scrapy.spiders import SitemapSpider

    rows: list[dict[str, object]] = []

    class Pages(SitemapSpider):
        name = "pages"
        sitemap_urls = (f"{origin}/sitemap.xml",)

        def parse(self, response: Response, **_: Any) -> Iterator[Any]:
            rows.append({"url": response.url, "html": response.body})
            yield from ()

    settings = dict(_CRAWL_SETTINGS)
    if http_cache is not None:
        settings |= {
            "HTTPCACHE_ENABLED": True,
            "HTTPCACHE_DIR": str(http_cache),
            "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
        }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Pages)
    process.start()
    return pl.DataFrame(rows, schema={"url": pl.String, "html": pl.Binary}).sort("url")


def extract(pages: pl.DataFrame, cores: int) -> pl.DataFrame:
    """Return `url`, `title` and `text` of pages that trafilatura finds a main content in."""
    found = _spread(_extracted, pages.rows(), cores)
    schema = {"url": pl.String, "title": pl.String, "text": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def keep_good(texts: pl.DataFrame, cores: int) -> pl.DataFrame:
    """Return the English texts that pass Gopher's rules, by datatrove's filters."""
    kept = set(_spread(_good, texts.select("url", "text").rows(), cores))
    return texts.filter(pl.col("url").is_in(kept))


def keep_unique(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the texts without near-duplicates, by the four steps of datatrove's MinHash at its defaults."""
    from datatrove.data import Document

    from webdata_assets_tests.benchmarks.datatrove_pipeline import deduplicated

    documents = [Document(text=text, id=url) for url, text in texts.select("url", "text").iter_rows()]
    kept = {document.id for document in deduplicated(documents)}
    return texts.filter(pl.col("url").is_in(kept))


def chunk(texts: pl.DataFrame, model: Path) -> pl.DataFrame:
    """Return `url`, `title` and `chunk`: texts cut at their structure, as long as the model reads."""
    from semantic_text_splitter import TextSplitter
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    splitter = TextSplitter.from_huggingface_tokenizer(tokenizer, CHUNK_TOKENS)
    chunks = splitter.chunk_all(texts["text"].to_list())
    return texts.select("url", "title", pl.Series("chunk", chunks, dtype=pl.List(pl.String))).explode("chunk")


def embed(chunks: pl.DataFrame, model: Path, cores: int) -> pl.DataFrame:
    """Return the chunks with their `vector`, by fastembed in as many processes as cores."""
    vectors = list(encoder(model).embed(chunks["chunk"].to_list(), batch_size=BATCH, parallel=cores))
    return chunks.with_columns(pl.Series("vector", vectors, dtype=pl.Array(pl.Float32, _DIMENSIONS)))


def index(chunks: pl.DataFrame, folder: Path) -> int:
    """Write the chunks as Parquet and into a LanceDB table with full text; return their number.

    Below 20,000 vectors LanceDB compares every one: no vector index is needed.
    """
    import lancedb
    from lancedb.index import FTS

    folder.mkdir(parents=True, exist_ok=True)
    chunks.write_parquet(folder / "chunks.parquet")
    table = lancedb.connect(folder / "lance").create_table(TABLE, chunks.to_arrow(), mode="overwrite")
    table.create_index("chunk", config=FTS())
    return chunks.height


@cache
def encoder(model: Path) -> Any:
    """Return fastembed's encoder over a local ONNX file."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        _MODEL,
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(url="local"),
        dim=_DIMENSIONS,
        model_file="model.onnx",
    )
    return TextEmbedding(_MODEL, specific_model_path=str(model), threads=1)


def name_of(url: str) -> str:
    """Return the page's name in the collection."""
    return urlsplit(url).path.removeprefix("/")


def _spread(work: Any, rows: list[tuple[Any, ...]], cores: int) -> list[Any]:
    """Do work on batches of rows in as many processes as cores, and return all results in order."""
    batches = [rows[at : at + _TASK_PAGES] for at in range(0, len(rows), _TASK_PAGES)]
    with ProcessPoolExecutor(cores) as pool:
        return [result for results in pool.map(work, batches) for result in results]


def _extracted(pages: list[tuple[str, bytes]]) -> list[tuple[str, str | None, str]]:
    from trafilatura import bare_extraction

    found = []
    for url, html in pages:
        document: Any = bare_extraction(html, url=url, include_comments=False, with_metadata=True)
        if document is not None and document.text:
            found.append((url, document.title, document.text))
    return found


def _good(texts: list[tuple[str, str]]) -> list[str]:
    from datatrove.data import Document

    kept = []
    for url, text in texts:
        document = Document(text=text, id=url)
        if all(step.filter(document) is True for step in _filters()):
            kept.append(url)
    return kept


@cache
def _filters() -> list[Any]:
    from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter

    from webdata_assets_tests.benchmarks.datatrove_pipeline import LanguageOfText

    return [LanguageOfText("en"), GopherRepetitionFilter(), GopherQualityFilter()]
