"""Predicates that name one partition: the only place where values meet SQL text."""

from webdata_assets.partitions import Partition


def quoted(value: str) -> str:
    """Return an SQL string literal. Quotes inside are doubled (SQL-92, 5.3)."""
    return "'" + value.replace("'", "''") + "'"


def partition_predicate(partition: Partition) -> str:
    """Return the predicate that selects exactly one partition of a partitioned table."""
    return f"date = {quoted(partition.date.isoformat())} AND source = {quoted(partition.source)}"


def partition_filters(partition: Partition) -> list[tuple[str, str, str]]:
    """Return the same selection as values, for calls that take no SQL."""
    return [("date", "=", partition.date.isoformat()), ("source", "=", partition.source)]
