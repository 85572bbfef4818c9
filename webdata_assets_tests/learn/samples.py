"""A small corpus of 20 sites, with features and vectors from which the categories can be learnt."""

import datetime as dt

import numpy as np
import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.schemas.features import FEATURE_COLUMNS, Features
from webdata_assets.stages.embed.embed import vector_series
from webdata_assets.tasks.model import Label, Task

DAY = dt.date(2026, 1, 2)
CATEGORIES = ("kitchen", "garden", "office")
MODEL_ID = "tiny@1"
DIMENSIONS = 8
TASK = Task(name="topic", description="The topic of a record", label=Label(field="category"))


def corpus(count=60, **columns):
    table = TABLES["corpus"]
    rows = [
        {
            "source": "shop",
            "record_id": f"{n:032x}",
            "date": DAY,
            "state": "live",
            "kind": "product",
            "url": f"https://www.site-{n % 20}.test/{n}",
            "title": f"Item {n}",
            "text": f"Text {n}",
            "category": CATEGORIES[n % 3],
            "extra": "{}",
            "content_hash": f"{n:064x}",
        }
        for n in range(count)
    ]
    return pl.DataFrame(rows, schema=table.polars_schema).with_columns(**columns)


def features(count=60, date=DAY):
    random = np.random.default_rng(1)
    values = {name: random.integers(1, 50, count) for name in FEATURE_COLUMNS}
    columns = Features.columns()
    values |= {
        name: random.random(count) for name in FEATURE_COLUMNS if getattr(columns[name], "max", 0) == 1
    }
    values |= {
        name: random.random(count) > 0.5 for name in FEATURE_COLUMNS if columns[name].dtype == pl.Boolean
    }
    rows = {
        "date": [date] * count,
        "source": ["shop"] * count,
        "record_id": [f"{n:032x}" for n in range(count)],
        "kind": ["product"] * count,
        "category": [CATEGORIES[n % 3] for n in range(count)],
        **values,
        "computed_for": [dt.datetime(2026, 1, 2, 23, tzinfo=dt.UTC)] * count,
    }
    schema = TABLES["features"].polars_schema
    return pl.DataFrame(rows, schema_overrides={name: schema[name] for name in rows}).select(
        name if name in rows else pl.lit(None, dtype).alias(name) for name, dtype in schema.items()
    )


def embeddings(count=60, date=DAY, model_id=MODEL_ID):
    """Two chunks per record, near the axis of the record's category."""
    random = np.random.default_rng(2)
    vectors = random.normal(0, 0.2, (2 * count, DIMENSIONS)).astype(np.float32)
    for row in range(2 * count):
        vectors[row, row // 2 % 3] += 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        {
            "date": date,
            "source": "shop",
            "chunk_id": f"{n:032x}-{ordinal:04d}",
            "record_id": f"{n:032x}",
            "ordinal": ordinal,
            "field": "text",
            "heading_path": [],
            "start": ordinal,
            "end": ordinal + 1,
            "tokens": 3,
            "text": "x",
            "text_hash": f"{2 * n + ordinal:064x}",
            "model_id": model_id,
        }
        for n in range(count)
        for ordinal in (0, 1)
    ]
    schema = TABLES["embeddings"].polars_schema
    frame = pl.DataFrame(rows, schema={name: schema[name] for name in schema if name != "vector"})
    return frame.with_columns(vector_series(vectors)).cast(schema)
