"""Our stages called one after the other in one process, without Dagster, store or checks: `… by_stages PLAN`.

What belongs here: the direct work on the site's pages, which is left when orchestration is taken away. What
does not: the deployment (by_ours.py).
"""

import datetime as dt
import re
import sys
import urllib.request

import polars as pl

from webdata_assets_tests.benchmarks.whole import by_ours
from webdata_assets_tests.benchmarks.whole.plan import DATES, Plan


def main() -> None:
    """Take the site's pages from HTML to index."""
    from blake3 import blake3

    from webdata_assets.schemas import TABLES
    from webdata_assets.sources.model import Source
    from webdata_assets.stages.clean.cleaner import clean
    from webdata_assets.stages.dedup.fingerprint import fingerprint_records
    from webdata_assets.stages.embed.cache import MemoryCache
    from webdata_assets.stages.embed.embed import embed_records
    from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
    from webdata_assets.stages.extract.extractor import Payload, extract_pages
    from webdata_assets.stages.index.chunk_rows import indexable_chunks
    from webdata_assets.stages.index.lance import LanceIndex

    plan, date = Plan.load(sys.argv[1]), dt.date.fromisoformat(DATES[0])
    source = Source.model_validate(by_ours.source(plan.origin))
    with urllib.request.urlopen(f"{plan.origin}/sitemap.xml") as answer:
        urls = re.findall(r"<loc>([^<]+)</loc>", answer.read().decode())
    payloads = []
    for url in urls:
        with urllib.request.urlopen(url) as answer:
            body = answer.read()
        payloads.append(Payload(url, url, "text/html", body, blake3(body).hexdigest(), date))
    records = clean(source, date, extract_pages(source, payloads)).records
    fingerprint_records(records.select("date", "source", "record_id", "text"))
    embeddings = embed_records(records, load_encoder(EncoderSpec(folder=plan.encoders)), MemoryCache())
    schema = TABLES["corpus"].polars_schema
    shared = [name for name in schema if name in records.columns]
    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in shared]
    corpus = records.select(*shared, *missing).with_columns(pl.lit("live").alias("state"))
    LanceIndex(plan.folder / "direct").sync(indexable_chunks(corpus.select(list(schema)), embeddings))


if __name__ == "__main__":
    main()
