"""Labels: what a record is, by a field of its own or by rules over its fields.

What belongs here: reading fields of corpus rows, and the order of rules. What does not: the grammar (tasks/).
"""

import orjson
import polars as pl

from webdata_assets.schemas import TABLES
from webdata_assets.tasks.model import Label

_CORPUS = TABLES["corpus"].polars_schema


def label_of(corpus: pl.DataFrame, label: Label) -> pl.Series:
    """Return the label of each row of the corpus; null where there is none.

    Args:
        corpus: rows of the `corpus` table.
        label: a field that holds the label, or rules of which the first that matches counts.
    """
    if label.field is not None:
        return field_of(corpus, label.field).alias("label")
    import re

    rules = [(rule.label, re.compile(rule.matches), field_of(corpus, rule.field)) for rule in label.rules]
    found = [
        next(
            (name for name, pattern, values in rules if (text := values[row]) and pattern.search(text)), None
        )
        for row in range(corpus.height)
    ]
    return pl.Series("label", found, dtype=pl.String)


def field_of(corpus: pl.DataFrame, name: str) -> pl.Series:
    """Return a field of each row as text: a column of the corpus, else a field of the source's own.

    Space around it is left out. Null stands for what is absent, empty, a list or an object.
    """
    if name in _CORPUS:
        nested = _CORPUS[name].is_nested()
        texts = pl.Series([None] * corpus.height, dtype=pl.String) if nested else corpus[name].cast(pl.String)
    else:
        texts = pl.Series(
            [_text(orjson.loads(extra).get(name)) for extra in corpus["extra"]], dtype=pl.String
        )
    stripped = texts.str.strip_chars()
    return stripped.set(stripped == "", None).alias(name)


def _text(value: object) -> str | None:
    """Return a value of JSON as text, numbers and truth values as JSON writes them."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode() if isinstance(value, bool | int | float) else None
