"""Rows of every table that a layer reads, any number of them, the same ones every time.

What belongs here: making rows by columns, because 100,000 of them row by row would cost more than what is
measured. What does not: storing them (layers/), and pages of real sites (layers/extracting.py).
"""

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS, Features
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets_tests.benchmarks.vector_search.vectors import topical

SOURCE = "shop"
FIRST = Partition(dt.date(2026, 6, 1), SOURCE)
SECOND = Partition(dt.date(2026, 6, 2), SOURCE)
MODEL_ID = "stand-in@1/fp32/mean/256"
DIMENSIONS = 384
CHANGED_EVERY = 50
PER_PARTITION = 1_000
"""Records of one date, where several dates are read together."""
COPIED_EVERY = 10
CATEGORIES = ("kitchen", "garden", "office", "garage", "attic")
_WORDS = 30_000
_WORDS_OF_A_TEXT = 80
_NOON = dt.time(12)


def partitions_of(size: int) -> list[tuple[Partition, range]]:
    """Return dates of one source with their share of so many records, PER_PARTITION each."""
    first = FIRST.date - dt.timedelta(days=-(-size // PER_PARTITION))
    return [
        (
            Partition(first + dt.timedelta(days=start // PER_PARTITION), SOURCE),
            range(start, min(size, start + PER_PARTITION)),
        )
        for start in range(0, size, PER_PARTITION)
    ]


def records(numbers: range, partition: Partition = FIRST, *, version: int = 1) -> pl.DataFrame:
    """Return articles with texts of 80 words by Zipf's law, by id; one in ten is nearly the one before."""
    ids = _ids(numbers)
    text = _texts(numbers, version)
    return _framed(
        "records",
        partition,
        len(numbers),
        record_id=ids,
        kind="article",
        url=_urls(numbers),
        ordinal=0,
        title=pl.Series([f"Item {number}" for number in numbers]),
        text=text,
        structured_text=text,
        language="en",
        detected_language="en",
        language_confidence=0.9,
        tokens=_WORDS_OF_A_TEXT,
        category=pl.Series([CATEGORIES[number % len(CATEGORIES)] for number in numbers]),
        extra="{}",
        content_hash=_hashes(numbers, f"content {version}"),
        payload_hash=_hashes(numbers, f"payload {version}"),
        payload_date=partition.date,
        extractor="v1",
    ).sort("record_id")


def pages(numbers: range, partition: Partition = FIRST, *, version: int = 1) -> pl.DataFrame:
    """Return fetched pages with little bodies, by URL; their hashes are right."""
    from webdata_assets_tests.benchmarks.growth.site import body_of, tag_of
    from webdata_assets_tests.store.rows import digest

    bodies = [body_of(number, version) for number in numbers]
    moment = dt.datetime.combine(partition.date, _NOON, dt.UTC)
    return _framed(
        "pages",
        partition,
        len(numbers),
        url=_urls(numbers),
        role="content",
        discovery=0,
        why="start",
        depth=0,
        outcome="fetched",
        http_status=200,
        etag=pl.Series([tag_of(number, version) for number in numbers]),
        payload=pl.Series(bodies, dtype=pl.Binary),
        payload_bytes=pl.Series([len(body) for body in bodies]),
        payload_hash=pl.Series([digest(body) for body in bodies]),
        payload_date=partition.date,
        in_blobs=False,
        attempts=1,
        fetched_at=moment,
        observed_at=moment,
    ).sort("url")


def visits(numbers: range, partition: Partition = FIRST) -> pl.DataFrame:
    """Return pages of which nobody reads the bytes: hashes and bodies are arbitrary."""
    moment = dt.datetime.combine(partition.date, _NOON, dt.UTC)
    return _framed(
        "pages", partition, len(numbers),
        url=_urls(numbers), role="content", discovery=0, why="start", depth=0, outcome="fetched",
        http_status=200, payload=b"<h1>Item</h1>", payload_bytes=13,
        payload_hash=_hashes(numbers, "payload 1"), payload_date=partition.date, in_blobs=False, attempts=1,
        fetched_at=moment, observed_at=moment,
    ).sort("url")  # fmt: skip


def frontier(numbers: range, partition: Partition = FIRST) -> pl.DataFrame:
    """Return start URLs that were never visited, by URL."""
    return _framed(
        "frontier", partition, len(numbers),
        url=_urls(numbers), role="content", discovery=0, why="start", depth=0,
    ).sort("url")  # fmt: skip


def features(numbers: range, partition: Partition = FIRST) -> pl.DataFrame:
    """Return features by which categories can hardly be told."""
    random = np.random.default_rng(numbers.start)
    given: dict[str, Any] = {}
    for name in FEATURE_COLUMNS:
        column = Features.columns()[name]
        if column.dtype == pl.Boolean:
            given[name] = pl.Series(random.random(len(numbers)) > 0.5)
        elif getattr(column, "max", 0) == 1:
            given[name] = pl.Series(random.random(len(numbers)))
        else:
            given[name] = pl.Series(random.integers(1, 50, len(numbers)))
    end = dt.datetime.combine(partition.date, dt.time(23), dt.UTC)
    return _framed(
        "features", partition, len(numbers),
        record_id=_ids(numbers), kind="article",
        category=pl.Series([CATEGORIES[number % len(CATEGORIES)] for number in numbers]),
        computed_for=end, days_known=0, earlier_versions=0, site_records=len(numbers),
        site_mean_tokens=80.0, site_duplicate_share=0.0, **given,
    ).sort("record_id")  # fmt: skip


def embeddings(of_records: pl.DataFrame, numbers: range, partition: Partition = FIRST) -> pl.DataFrame:
    """Return one chunk for each record, by id; vectors lie around topics, one of which is the category's."""
    vectors = topical(len(numbers), DIMENSIONS, seed=numbers.start)
    sides = np.array([number % len(CATEGORIES) for number in numbers])
    vectors[np.arange(len(numbers)), sides] += 0.3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    frame = _framed(
        "embeddings", partition, len(numbers),
        chunk_id=_ids(numbers) + "-0000", record_id=_ids(numbers), ordinal=0, field="structured_text",
        start=0, end=of_records.sort("record_id")["text"].str.len_chars(), heading_path=[],
        tokens=_WORDS_OF_A_TEXT, text=of_records.sort("record_id")["text"],
        text_hash=_hashes(numbers, f"text {partition.date}"), model_id=MODEL_ID,
    )  # fmt: skip
    return frame.with_columns(vector_series(vectors.astype(np.float32))).sort("chunk_id")


def corpus(of_records: pl.DataFrame) -> pl.DataFrame:
    """Return the corpus of records that are all live and no two alike."""
    schema = TABLES["corpus"].polars_schema
    return (
        of_records.with_columns(state=pl.lit("live"), gone_on=pl.lit(None), duplicate_of=pl.lit(None))
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        .sort("record_id")
    )


def _ids(numbers: range) -> pl.Series:
    return pl.Series([f"{number:032x}" for number in numbers], dtype=pl.String)


def _urls(numbers: range) -> pl.Series:
    from webdata_assets_tests.benchmarks.growth.site import url_of

    return pl.Series([url_of(number) for number in numbers], dtype=pl.String)


def _hashes(numbers: range, salt: str) -> pl.Series:
    from blake3 import blake3

    return pl.Series([blake3(f"{salt} {number}".encode()).hexdigest() for number in numbers], dtype=pl.String)


def _texts(numbers: range, version: int) -> pl.Series:
    frequencies = 1 / np.arange(1, _WORDS + 1)
    random = np.random.default_rng([version, numbers.start])
    words = np.array([f"w{word}" for word in range(_WORDS)], dtype=object)
    drawn = random.choice(
        _WORDS, size=(len(numbers), _WORDS_OF_A_TEXT - 1), p=frequencies / frequencies.sum()
    )
    lines = [" ".join(row) for row in words[drawn]]
    for place, number in enumerate(numbers):
        if place and number % COPIED_EVERY == COPIED_EVERY - 1:
            lines[place] = lines[place - 1]
    # one word of its own, so that copies are near ones
    return pl.Series([f"{line} n{number}." for number, line in zip(numbers, lines, strict=True)])


def _framed(table: str, partition: Partition, height: int, **given: Any) -> pl.DataFrame:
    """Return a frame of a table: series as they are, other values in every row, null where none is given."""
    values = {"date": partition.date, "source": partition.source, **given}
    schema = TABLES[table].polars_schema
    assert values.keys() <= schema.keys()
    return pl.DataFrame({"row": range(height)}).select(
        (value if isinstance(value := values.get(name), pl.Series) else pl.lit(value, allow_object=False))
        .cast(dtype)
        .alias(name)
        for name, dtype in schema.items()
    )
