"""Contracts: what is offered, cut to what a consumer was promised, or the reason why it cannot be.

What belongs here: columns, types and required values. What does not: how a contract is written
(sinks/contract.py), and how old data may be (checks/delivery.py).
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sinks.contract import ColumnType, Contract
from webdata_assets.stages.deliver.sink import ROW_HASH, Shape
from webdata_assets.stages.hashing import row_hashes

TYPES: Mapping[ColumnType, pl.DataType] = {
    "string": pl.String(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "decimal": pl.Decimal(18, 4),
    "list<string>": pl.List(pl.String()),
    "vector": pl.List(pl.Float32()),
}
"""What a contract's types are in frames."""

_SHOWN = 3


class ContractBrokenError(PermanentError):
    """What would be delivered is not what the contract promises; nothing was sent."""


@dataclass(frozen=True)
class Offer:
    """What can be delivered: rows, and what they look like."""

    rows: pl.DataFrame
    shape: Shape


def promised_shape(contract: Contract, offered: Shape) -> Shape:
    """Return the shape that a sink of this contract has: the promised columns, the key and `row_hash`.

    Raises:
        ContractBrokenError: CONFIGURATION, a promised column is not offered, or has another type; the message
            names every one of them.
    """
    if not contract.columns:
        return offered
    broken = []
    for name, column in contract.columns.items():
        if name not in offered.schema:
            close = difflib.get_close_matches(name, offered.schema.names(), n=1)
            broken.append(f"{name} is not offered" + (f" (did you mean {close[0]}?)" if close else ""))
        elif offered.schema[name] != TYPES[column.type]:
            broken.append(f"{name} is promised as {column.type} and is {type_name(offered.schema[name])} now")
    if broken:
        raise ContractBrokenError(
            f"contract broken: {'; '.join(broken)}. Nothing was sent: bring the columns back, or agree on "
            "another contract with those who read the sink and change its file",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    wanted = {offered.key, *contract.columns, ROW_HASH}
    kept = {name: dtype for name, dtype in offered.schema.items() if name in wanted}
    return Shape(offered.key, pl.Schema(kept))


def promised_rows(contract: Contract, offer: Offer) -> Offer:
    """Return what is offered as a contract promises it; the rows' hashes are of the promised columns.

    Raises:
        ContractBrokenError: as `promised_shape` does; and PARSE, a required column has no value in some row.
    """
    shape = promised_shape(contract, offer.shape)
    rows = offer.rows if shape == offer.shape else _cut(offer.rows, shape)
    empty = {
        name: rows.filter(pl.col(name).is_null())
        for name, column in contract.columns.items()
        if column.required and rows[name].null_count()
    }
    if empty:
        told = "; ".join(
            f"{name} has no value in {found.height} of {rows.height} rows, such as "
            + ", ".join(found[shape.key].head(_SHOWN))
            for name, found in empty.items()
        )
        raise ContractBrokenError(
            f"contract broken: {told}. Nothing was sent: repair the extraction (`expect.required` of the "
            "source keeps such records out), or agree on another contract",
            failure_domain=FailureDomain.PARSE,
        )
    return Offer(rows, shape)


def type_name(dtype: pl.DataType) -> str:
    """Return a contract's word for a type of a frame; the frame's own where it has none."""
    return next((name for name, known in TYPES.items() if known == dtype), str(dtype))


def _cut(rows: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    kept = rows.select(name for name in shape.schema if name != ROW_HASH)
    return kept.with_columns(row_hashes(kept)).select(shape.schema.names())
