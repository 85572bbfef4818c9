"""The card of a dataset as the Hugging Face hub and its `datasets` library read it.

What belongs here: the README.md, whose YAML names files, columns, types, counts and licence. What does not:
the files themselves (huggingface.py).
"""

import html
from collections.abc import Mapping
from typing import Any

import polars as pl
import yaml

from webdata_assets.schemas import Table
from webdata_assets.schemas.documented import column_descriptions
from webdata_assets.stages.export.tally import Tally

SPLIT = "train"
_SIZES = {
    10**3: "n<1K",
    10**4: "1K<n<10K",
    10**5: "10K<n<100K",
    10**6: "100K<n<1M",
    10**7: "1M<n<10M",
    10**8: "10M<n<100M",
    10**9: "100M<n<1B",
}
_SITES_SHOWN = 20
_NAMES: Mapping[type[pl.DataType], str] = {
    pl.String: "string",
    pl.Binary: "binary",
    pl.Boolean: "bool",
    pl.Date: "date32",
    pl.Int16: "int16",
    pl.Int32: "int32",
    pl.Int64: "int64",
    pl.Float32: "float32",
    pl.Float64: "float64",
}


def dataset_card(
    table: Table, tally: Tally, *, licence: str, file_bytes: int, facts: Mapping[str, str]
) -> str:
    """Return the card of a table's exported rows.

    Args:
        table: whose rows they are.
        tally: of the rows.
        licence: its identifier on the hub, such as `cc-by-4.0`, `other` or `unknown`.
        file_bytes: that the files take.
        facts: what else it shall say, each by its name.
    """
    split = {"name": SPLIT, "num_bytes": tally.bytes, "num_examples": tally.rows}
    front = {
        "pretty_name": table.name,
        "license": licence,
        "size_categories": [size_category(tally.rows)],
        "configs": [
            {
                "config_name": table.name,
                "data_files": [{"split": SPLIT, "path": f"data/{SPLIT}-*.parquet"}],
            }
        ],
        "dataset_info": {
            "config_name": table.name,
            "features": [_feature(name, dtype) for name, dtype in table.polars_schema.items()],
            "splits": [split],
            "download_size": file_bytes,
            "dataset_size": tally.bytes,
        },
    }
    until = f" to {tally.last}" if tally.last != tally.first else ""
    dates = f" of {tally.first}{until}" if tally.first else ""
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---",
        f"# {table.name}",
        table.description,
        f"{tally.rows} rows{dates}. Licence: {licence}.",
        *_sources(tally),
        "## Columns",
        _columns(table),
        "## Made by",
        _table(("what", "value"), facts.items()),
    ]
    return "\n\n".join(parts) + "\n"


def size_category(rows: int) -> str:
    """Return the hub's name of a number of rows, such as `10K<n<100K`."""
    return next((name for limit, name in _SIZES.items() if rows < limit), "1B<n<10B")


def _feature(name: str, dtype: pl.DataType) -> dict[str, Any]:
    if isinstance(dtype, pl.List | pl.Array):
        inner: Any = dtype.inner
        return {"name": name, "sequence": _name(inner() if isinstance(inner, type) else inner)}
    return {"name": name, "dtype": _name(dtype)}


def _name(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"decimal128({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return f"timestamp[{dtype.time_unit}, tz={dtype.time_zone}]"
    return _NAMES[type(dtype)]


def _sources(tally: Tally) -> list[str]:
    """Return the section that names sources and the sites of their rows, the largest first."""
    if not tally.sources and not tally.sites:
        return []
    most = sorted(tally.sites.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[object, ...]] = [(source, site, rows) for (source, site), rows in most[:_SITES_SHOWN]]
    if len(most) > _SITES_SHOWN:
        rest = sum(count for _, count in most[_SITES_SHOWN:])
        rows.append(("", f"{len(most) - _SITES_SHOWN} more sites", rest))
    if not rows:
        rows = [(source, "", count) for source, count in sorted(tally.sources.items())]
    return ["## Sources", _table(("source", "site", "rows"), rows)]


def _columns(table: Table) -> str:
    described = column_descriptions(table.schema)
    features = [_feature(name, dtype) for name, dtype in table.polars_schema.items()]
    rows = (
        (name, each.get("dtype") or f"list of {each['sequence']}", described.get(name, ""))
        for name, each in zip(table.polars_schema, features, strict=True)
    )
    return _table(("column", "type", "meaning"), rows)


def _table(heads: tuple[str, ...], rows: Any) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: object) -> str:
    # names of sites come from pages: neither markup nor the table's own signs
    return html.escape(str(value), quote=False).replace("|", "&#124;").replace("`", "&#96;")
