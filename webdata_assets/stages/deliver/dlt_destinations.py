"""Destinations of dlt: those that can merge and delete, and how much is known of them.

What belongs here: names. What does not: loading (dlt.py).
"""

from collections.abc import Mapping
from typing import Literal

DESTINATIONS: Mapping[str, Literal["tested", "untested"]] = {
    "duckdb": "tested",
    "filesystem": "tested",
    "bigquery": "untested",
    "clickhouse": "untested",
    "databricks": "untested",
    "dremio": "untested",
    "ducklake": "untested",
    "fabric": "untested",
    "motherduck": "untested",
    "mssql": "untested",
    "postgres": "untested",
    "redshift": "untested",
    "snowflake": "untested",
    "synapse": "untested",
}
"""Those into which dlt merges with deletes, and whether this project's tests run against them."""

WITHOUT_UPSERT = frozenset({"clickhouse", "dremio", "redshift", "synapse"})
"""There dlt deletes and inserts, in one transaction where the destination has any."""
