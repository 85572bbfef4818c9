"""Conditions on chunks in SQL text: the only code that writes values into LanceDB's conditions.

What belongs here: escaping. Columns are named by our own code only. PostgreSQL takes values as parameters.
"""

from collections.abc import Iterable

from webdata_assets.stages.index.index import ChunkFilter

_NOTHING = "false"


def equals_any(column: str, values: Iterable[str]) -> str:
    """Return the condition that `column` is one of `values`, whatever characters these hold."""
    quoted = ", ".join(map(_text, values))
    return f"{column} IN ({quoted})" if quoted else _NOTHING


def condition(where: ChunkFilter) -> str | None:
    """Return the condition that a filter means; None where it lets everything through."""
    conditions = []
    if not where.pii:
        conditions.append("NOT pii")
    if not where.injection:
        conditions.append("NOT injection")
    if where.sources is not None:
        conditions.append(equals_any("source", where.sources))
    if where.languages is not None:
        conditions.append(equals_any("language", where.languages))
    if where.since is not None:
        conditions.append(f"date >= date '{where.since.isoformat()}'")
    if where.until is not None:
        conditions.append(f"date <= date '{where.until.isoformat()}'")
    return " AND ".join(conditions) or None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
