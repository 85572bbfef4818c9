"""Lineage of the tables that are written as a whole.

What belongs here: what is made of all admitted partitions. What does not: the partitions' own tables.
"""

from collections.abc import Mapping

from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.fingerprints import BANDS
from webdata_assets.schemas.lineage.origin import Lineage, of
from webdata_assets.schemas.lineage.partitioned import CONTENT
from webdata_assets.schemas.model_features import FEATURE_COLUMNS

_PARTITION = ("date", "source")
_INPUTS = of("training_set", "words", "vector", *FEATURE_COLUMNS)
_EXAMPLES = f"{_INPUTS} {of('training_set', 'label')}"
_READ_NOW = " ".join(
    (of("corpus", "title", "text"), of("features", *FEATURE_COLUMNS), of("embeddings", "vector"))
)
_DRIFT = f"{_EXAMPLES} {_READ_NOW}"
_DELIVERED = " ".join(
    (
        of("corpus", "record_id", "source", "url", "title", "text", "category", "price", "currency"),
        of("corpus", "published_at", "content_hash", "state", "duplicate_of"),
        _READ_NOW,
        of("release", "model_version"),
        of("vector_index", "chunk_id", "text_hash", "row_hash"),
    )
)

UNPARTITIONED: Mapping[str, Lineage] = {
    "near_duplicates": Lineage(
        {"fingerprints": ("record_id", "text_hash")},
        {
            "duplicate_of": of("fingerprints", "record_id", "date", "text_hash", *BANDS) + " records.text",
            "original_hash": "fingerprints.text_hash",
            "similarity": "records.text fingerprints.text_hash",
        },
    ),
    "compared_partitions": Lineage(
        {"fingerprints": _PARTITION}, {"data_version": "fingerprints.record_id fingerprints.text_hash"}
    ),
    "corpus": Lineage(
        {
            "records": (
                *_PARTITION, "record_id", "kind", "url", "extra", "content_hash", "detected_language",
                "page_type", "tokens", "quality_flags", "pii", "injection_flags",
                *(name for name in CONTENT if name in CORPUS.polars_schema),
            ),
        },
        {
            **dict.fromkeys(("state", "gone_on"), "pages.outcome pages.date records.date"),
            "duplicate_of": "near_duplicates.duplicate_of records.text",
            "similarity": "near_duplicates.similarity records.text",
        },
    ),
    "vector_index": Lineage(
        {"embeddings": ("chunk_id", "record_id", *_PARTITION, "text_hash", "model_id")},
        {
            "row_hash": " ".join(
                (
                    of("corpus", "url", "title", "kind", "published_at", "detected_language", "pii"),
                    of("corpus", "injection_flags"),
                    of("embeddings", "field", "start", "end", "heading_path", "context", "text"),
                )
            )
        },
    ),
    "training_set": Lineage(
        {
            "corpus": ("record_id", *_PARTITION, "kind", "page_type", "detected_language"),
            "features": FEATURE_COLUMNS,
            "embeddings": ("model_id",),
        },
        {
            **dict.fromkeys(("group", "split"), "corpus.url corpus.record_id"),
            # the task says which of them
            "label": of("corpus", *CORPUS.polars_schema),
            "words": "corpus.title corpus.text",
            "text_hash": "embeddings.text_hash",
            "vector": "embeddings.vector",
        },
    ),
    "model": Lineage(
        derived={
            **dict.fromkeys(
                ("score", "score_low", "score_high", "champion_score", "difference", "evaluation"),
                f"{_EXAMPLES} {of('training_set', 'split', 'group')}",
            ),
            "version": f"{_EXAMPLES} {of('training_set', 'split')}",
            "classes": "training_set.label",
            "baseline_score": "training_set.label",
            "train_rows": "training_set.split",
            "test_rows": "training_set.split",
            "test_groups": "training_set.group",
            "encoder": "training_set.model_id",
        }
    ),
    "release": Lineage(
        derived={
            "model_version": "model.version",
            "encoder": "vector_index.model_id",
            "chunks": "vector_index.chunk_id",
            "index_snapshot": "vector_index.chunk_id vector_index.row_hash",
        }
    ),
    "monitoring": Lineage(
        {"release": ("model_version",)}, dict.fromkeys(("value", "breached"), _DRIFT)
    ),
    "delivery": Lineage(
        {"release": ("model_version",)},
        {
            "rows": of("corpus", "record_id", "source", "state", "duplicate_of") + " vector_index.chunk_id",
            **dict.fromkeys(("content_hash", "source_hash"), _DELIVERED),
            "corpus_version": of("corpus", *(name for name in CORPUS.polars_schema)),
        },
    ),
}  # fmt: skip
"""By the name of the table."""
