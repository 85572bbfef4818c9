"""Which indexes a LanceDB table has: full text always, the others where comparing row by row is slow.

What belongs here: building and dropping them, and their settings. What does not: queries (lance_snapshot.py).
"""

from typing import Any

from webdata_assets.stages.index.lance_rows import SEARCHED
from webdata_assets.stages.index.stop_words import STOP_WORDS

MOST_SEGMENTS = 16
"""A sync with new rows adds a small graph to the vector index, and a query searches each of them."""


_FILTERED = ("source", "language", "date", "pii", "injection")


def needs_work(table: Any, exact_below: int) -> bool:
    """Whether the indexes do not cover the table as they should."""
    rows = table.count_rows()
    indexes = table.list_indices()
    columns = {index.columns[0] for index in indexes}
    return columns != _wanted(rows, exact_below) or any(index.num_unindexed_rows for index in indexes)


def update_indexes(table: Any, exact_below: int) -> None:
    """Build the indexes that are missing or worn, and drop those that do not pay.

    New rows are left to `optimize`, which folds them in at a hundredth of the cost of building.
    """
    wanted = _wanted(table.count_rows(), exact_below)
    held = {index.columns[0]: index for index in table.list_indices()}
    for column in held.keys() - wanted:
        table.drop_index(held[column].name)
    worn = "vector" in held and held["vector"].num_segments > MOST_SEGMENTS
    for column in sorted(wanted - held.keys() | (wanted & {"vector", SEARCHED} if worn else set())):
        table.create_index(column, config=_config(column), replace=True)


def _wanted(rows: int, exact_below: int) -> set[str]:
    if rows == 0:
        return set()
    return {SEARCHED} if rows < exact_below else {SEARCHED, "vector", *_FILTERED}


def _config(column: str) -> Any:
    from lancedb.index import FTS, Bitmap, BTree, HnswSq

    configs: dict[str, Any] = {
        # ICU knows the words of languages that write none apart; the rest is for English: stems, stop words
        SEARCHED: FTS(base_tokenizer="icu/split", custom_stop_words=list(STOP_WORDS)),
        # the defaults (20, 300) build for twice as long and find no more
        "vector": HnswSq(distance_type="cosine", num_partitions=1, m=16, ef_construction=150),
        "date": BTree(),
    }
    return configs.get(column, Bitmap())
