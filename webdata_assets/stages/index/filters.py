"""Conditions on chunks in the index's SQL: the only code that writes values into it.

What belongs here: escaping. Columns are named by our own code only.
"""

import datetime as dt
from collections.abc import Iterable


def equals_any(column: str, values: Iterable[str]) -> str:
    """Return the condition that `column` is one of `values`, whatever characters these hold."""
    return f"{column} IN ({', '.join(map(_text, values))})"


def chunk_filter(
    *, source: str | None = None, since: dt.date | None = None, until: dt.date | None = None
) -> str | None:
    """Return the condition for chunks of a source, dated from `since` to `until` inclusive; None for all."""
    conditions = []
    if source is not None:
        conditions.append(equals_any("source", [source]))
    if since is not None:
        conditions.append(f"date >= date '{since.isoformat()}'")
    if until is not None:
        conditions.append(f"date <= date '{until.isoformat()}'")
    return " AND ".join(conditions) or None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
