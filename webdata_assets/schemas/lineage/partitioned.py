"""Lineage of the tables by date and source.

What belongs here: the layers from pages to fingerprints. What does not: tables that are written as a whole.
"""

from collections.abc import Mapping

from webdata_assets.schemas.fingerprints import BANDS
from webdata_assets.schemas.lineage.origin import Lineage, of
from webdata_assets.sources.extract import STRUCTURED_FIELDS

CONTENT = tuple(sorted(STRUCTURED_FIELDS))
"""Columns of a record that hold what its page says."""

_PARTITION = ("date", "source")
_VERSION = ("date", "source", "record_id")
_TEXT = of("records", "text")
_CHUNKED = of("records", "structured_text", "text", "title")
_PRICES = of("changes", "date", "previous_date", "price", "currency", "previous_price")

PARTITIONED: Mapping[str, Lineage] = {
    "pages": Lineage(
        {"frontier": _PARTITION},
        {
            **{name: f"frontier.{name}" for name in ("url", "role", "discovery", "why", "depth")},
            # an unchanged page keeps what its last visit knew
            **{name: f"frontier.{name}" for name in ("payload_hash", "payload_date")},
            "outcome": of("frontier", "etag", "last_modified", "payload_hash"),
        },
    ),
    "dead_letters": Lineage({"frontier": _PARTITION}, {"url": "frontier.url"}),
    "records": Lineage(
        {"pages": (*_PARTITION, "url", "payload_hash", "payload_date")},
        {
            **dict.fromkeys(CONTENT, of("pages", "payload", "content_type", "final_url")),
            "record_id": of("pages", "source", "url", "payload"),
            **dict.fromkeys(
                (
                    "kind", "ordinal", "extra", "page_type", "content_confidence", "link_share",
                    "detected_language", "language_confidence", "tokens", "quality_flags", "pii",
                    "injection_flags", "content_hash", "duplicate_of", "similarity",
                ),
                "pages.payload",
            ),
        },
    ),
    "quarantine": Lineage(
        {"pages": (*_PARTITION, "url", "payload_hash", "payload_date")},
        dict.fromkeys(("ordinal", "rule", "field", "reason", "value", "record"), "pages.payload"),
    ),
    "changes": Lineage(
        {"pages": _PARTITION, "records": ("record_id", "url", "price", "currency", "content_hash")},
        {
            "kind": "records.content_hash pages.outcome",
            "previous_date": "records.date",
            "first_date": "records.date",
            "versions": "records.record_id",
            "content_changes": "records.content_hash",
            "changed_fields": of("records", *CONTENT, "extra"),
            "text_similarity": "records.text records.content_hash",
            "previous_price": "records.price records.currency",
            "price_change": "records.price records.currency",
            "extractor_changed": "records.extractor",
            "previous_content_hash": "records.content_hash",
        },
    ),
    "features": Lineage(
        {"records": (*_VERSION, "kind", "category")},
        {
            "title_characters": "records.title",
            **dict.fromkeys(
                (
                    "text_characters", "text_words", "mean_word_characters", "mean_sentence_words",
                    "digit_share", "uppercase_share", "unique_word_share", "lix",
                ),
                _TEXT,
            ),
            **dict.fromkeys(
                (
                    "headings_per_100_words", "list_items_per_100_words", "tables_per_100_words",
                    "code_blocks_per_100_words",
                ),
                of("records", "structured_text", "text"),
            ),
            **dict.fromkeys(
                ("flesch_reading_ease", "flesch_kincaid_grade"),
                of("records", "text", "detected_language", "language"),
            ),
            "link_density": "records.link_share",
            **{name: f"records.{name}" for name in ("language_confidence", "content_confidence", "tokens")},
            "quality_flag_count": "records.quality_flags",
            **dict.fromkeys(("log_price", "has_price"), "records.price"),
            "age_days": "records.date records.published_at",
            "days_since_modified": "records.date records.modified_at",
            "change_rate": of("changes", "content_changes", "date", "first_date"),
            **dict.fromkeys(
                (
                    "path_segments", "path_characters", "path_digit_share", "path_number_segments",
                    "last_segment_characters", "last_segment_hyphens", "has_file_extension", "has_query",
                ),
                "records.url",
            ),
            "days_known": of("changes", "date", "first_date"),
            "earlier_versions": "changes.versions",
            "days_since_version": of("changes", "date", "previous_date"),
            "previous_price": "changes.previous_price",
            "price_change_share": of("changes", "price_change", "previous_price"),
            **dict.fromkeys(("price_min_7d", "price_mean_7d", "price_min_30d", "price_mean_30d"), _PRICES),
            "days_since_price_change": of("changes", "date", "price_change", "currency"),
            "site_records": "records.record_id",
            "site_mean_tokens": "records.tokens",
            "site_duplicate_share": "records.duplicate_of",
            "computed_for": "records.date",
        },
    ),
    "embeddings": Lineage(
        {"records": _VERSION},
        {
            "chunk_id": f"records.record_id {_CHUNKED}",
            **dict.fromkeys(
                (
                    "ordinal", "field", "start", "end", "heading_path", "tokens", "text", "context",
                    "text_hash", "vector",
                ),
                _CHUNKED,
            ),
        },
    ),
    "fingerprints": Lineage({"records": _VERSION}, dict.fromkeys(("text_hash", "shingles", *BANDS), _TEXT)),
}  # fmt: skip
"""By the name of the table."""
