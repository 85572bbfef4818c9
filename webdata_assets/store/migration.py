"""Schemas that grow: columns that are added, and types that become wider.

What belongs here: what is a widening, reading older rows as the present schema, and bringing a stored table
to it. What does not: frames that do not fit (fitting.py), and other commits (tables.py).

A table that an earlier version of the code wrote is read as it lies: a column that it lacks is null, a
narrower one is cast. The first write brings it to the present schema, in a commit of its own: added columns
change the log alone, wider types rewrite the table once, because Parquet files keep the type that they were
written with.
"""

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, Schema, WriterProperties, write_deltalake

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.schemas import Table
from webdata_assets.store.patience import scan_patiently

_INTEGERS: tuple[type[pl.DataType], ...] = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)
_ROWS_AT_ONCE = 20_000


class SchemaMigrationError(PermanentError):
    """A stored column whose type cannot become the schema's without loss, or that the schema dropped."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.CONFIGURATION)


def is_widening(stored: pl.DataType, wanted: pl.DataType) -> bool:
    """Return whether every value of one type is exactly a value of the other, of the same kind.

    Wider integers, Float32 to Float64, decimals with as many digits on both sides of the point or more, and
    lists of such.
    """
    if isinstance(stored, pl.Decimal) and isinstance(wanted, pl.Decimal):
        before, after = (stored.precision or 38) - stored.scale, (wanted.precision or 38) - wanted.scale
        return stored != wanted and after >= before and wanted.scale >= stored.scale
    if isinstance(stored, pl.List) and isinstance(wanted, pl.List):
        return is_widening(_instance(stored.inner), _instance(wanted.inner))
    if type(stored) in _INTEGERS and type(wanted) in _INTEGERS:
        return _INTEGERS.index(type(stored)) < _INTEGERS.index(type(wanted))
    return isinstance(stored, pl.Float32) and isinstance(wanted, pl.Float64)


def as_present(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Return stored rows in the table's present columns, order and types.

    Raises:
        SchemaMigrationError: a column has another type, and not a narrower one.
    """
    stored = rows.collect_schema()
    if stored == table.polars_schema:
        return rows
    widened = _widened(stored, table)

    def column(name: str, dtype: pl.DataType) -> pl.Expr:
        if name not in stored:
            return pl.lit(None, dtype).alias(name)
        return pl.col(name).cast(dtype) if name in widened else pl.col(name)

    return rows.select(column(name, dtype) for name, dtype in table.polars_schema.items())


def is_present(delta: DeltaTable, table: Table) -> bool:
    """Return whether a stored table has exactly the columns and types of the schema."""
    return {field.name: str(field.type) for field in delta.schema().fields} == {
        field.name: str(field.type) for field in _delta_schema(table.empty()).fields
    }


def migrate(delta: DeltaTable, table: Table, layout: Callable[[], WriterProperties]) -> None:
    """Bring a stored table to the present schema; each step is one commit, and repeating it changes nothing.

    Args:
        delta: at its newest version, and at its newest again afterwards.
        table: with the present schema.
        layout: how files are written that have to be written again.

    Raises:
        SchemaMigrationError: it holds a type that is not narrower, or columns that the schema has not.
    """
    stored = scan_patiently(delta).collect_schema()
    widened = _widened(stored, table)
    surplus = [name for name in stored if name not in table.polars_schema]
    if surplus:
        raise SchemaMigrationError(
            f"table {table.name} stores columns that its schema has not: {', '.join(surplus)}; columns are "
            "only ever added: declare them again, nullable, or use the version of the code that wrote them"
        )
    missing = [name for name in table.polars_schema if name not in stored]
    if missing:
        fields = _delta_schema(table.empty().select(missing)).fields
        delta.alter.add_columns([Field(field.name, field.type, nullable=True) for field in fields])
    if widened:
        _rewrite(delta, table, widened, layout())


def _rewrite(delta: DeltaTable, table: Table, widened: dict[str, str], writer: WriterProperties) -> None:
    """Write every row again with wider types, in one commit that conflicts with any other writer's."""
    import pyarrow as pa

    newest = pl.CompatLevel.newest()
    rows = as_present(scan_patiently(delta), table)

    def batches() -> Iterator[Any]:
        for frame in rows.collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
            yield from frame.to_arrow(compat_level=newest).to_batches()

    schema = table.empty().to_arrow(compat_level=newest).schema
    write_deltalake(
        delta,
        pa.RecordBatchReader.from_batches(schema, batches()),
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=delta.metadata().partition_columns or None,
        writer_properties=writer,
        commit_properties=CommitProperties(custom_metadata={"widened": str(widened)}),
    )


def _widened(stored: pl.Schema, table: Table) -> dict[str, str]:
    """Return the columns that are stored in a narrower type, each with both types in words."""
    changed = {
        name: (stored[name], dtype)
        for name, dtype in table.polars_schema.items()
        if name in stored and stored[name] != dtype
    }
    wrong = [
        f"{name} is {before}, not {after}"
        for name, (before, after) in changed.items()
        if not is_widening(before, after)
    ]
    if wrong:
        raise SchemaMigrationError(
            f"table {table.name} as it is stored does not fit its schema: {'; '.join(wrong)}. Columns may be "
            "added, nullable, and types may become wider (Int32 to Int64, Float32 to Float64, more digits). "
            "For anything else add a column of another name, or move the table away and materialize it anew"
        )
    return {name: f"{before} to {after}" for name, (before, after) in changed.items()}


def _delta_schema(frame: pl.DataFrame) -> Schema:
    import pyarrow as pa

    return Schema.from_arrow(pa.schema(frame.to_arrow().schema))


def _instance(dtype: Any) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[no-any-return]
