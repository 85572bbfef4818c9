"""Rows in metadata, as tables of plain text and numbers.

What belongs here: the cells. Crawled strings are cells of a table, never Markdown and never URLs to follow:
the UI shows a cell as it is, and loads what Markdown links to. What does not: which rows are shown.
"""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from webdata_assets.stages.clean.normalise import clean_body

SAMPLE_ROWS = 5
CELL_CHARACTERS = 200


def sample(frame: pl.DataFrame, columns: Sequence[str]) -> dict[str, dg.TableMetadataValue]:
    """Return the first rows as metadata `sample`; nothing where there is no row."""
    return table("sample", frame.select(columns).head(SAMPLE_ROWS))


def table(name: str, frame: pl.DataFrame) -> dict[str, dg.TableMetadataValue]:
    """Return rows as metadata of that name; nothing where there is no row."""
    if frame.is_empty():
        return {}
    records = [
        dg.TableRecord({column: _cell(value) for column, value in row.items()})
        for row in frame.iter_rows(named=True)
    ]
    schema = dg.TableSchema(columns=[dg.TableColumn(column) for column in frame.columns])
    return {name: dg.MetadataValue.table(records, schema=schema)}


def _cell(value: object) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    return clean_body(str(value))[:CELL_CHARACTERS]
