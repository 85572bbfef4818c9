"""Values as the cells of a CSV file.

What belongs here: what becomes of types that text does not know, and of texts that spreadsheets would run.
What does not: writing files (formats.py).
"""

import polars as pl

_FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"


def as_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that can be written as CSV.

    Lists are JSON, binaries base64, moments ISO 8601 in UTC. Texts that begin with `=`, `+`, `-`, `@`, one of
    their full-width forms, a tab, a carriage return or a line feed get an apostrophe before them, so that no
    spreadsheet takes them for a formula (OWASP, CSV Injection). So do those that begin so after apostrophes
    of their own: one apostrophe before such a sign is ours, and can be taken away again.
    """
    return frame.select(_cell(name, dtype) for name, dtype in frame.schema.items())


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        as_json = pl.struct(column.alias("")).struct.json_encode().str.slice(len('{"":'))
        column = pl.when(column.is_not_null()).then(as_json.str.head(-1))
    elif isinstance(dtype, pl.Binary):
        column = column.bin.encode("base64")
    elif isinstance(dtype, pl.Datetime):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    elif dtype != pl.String:
        return column
    return pl.when(column.str.contains(_FORMULA)).then("'" + column).otherwise(column).alias(name)
