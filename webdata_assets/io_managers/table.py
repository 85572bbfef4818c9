"""The IO manager of every asset: typed frames in, admitted frames out.

What belongs here: the meeting of Dagster's outputs and inputs with the store. What does not: how a commit is
made (store/tables.py), and what admission means (store/ledger.py).
"""

from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from webdata_assets.io_managers.table_schema import described_columns
from webdata_assets.partitions import Partition
from webdata_assets.resources.store import StoreResource
from webdata_assets.schemas import TABLES, Table
from webdata_assets.store.store import data_version

if TYPE_CHECKING:
    import pandas as pd

    from webdata_assets.stages.parts import Parts

EXTRACTED = "extracted"
"""Output metadata: how many candidates the rows were selected from; the ledger keeps it for a check."""
CODE_VERSION = "code_version"
"""Output metadata: version of the code *and* of the source's settings that made the rows."""
PAST_VERSION = "past_version"
"""Output metadata: names the earlier dates that the rows were made of, too."""


class TableIOManager(dg.ConfigurableIOManager):
    """Write a polars frame, or rows in parts, to the asset's Delta table; read admitted rows only.

    An input annotated `pl.LazyFrame` is scanned, `pl.DataFrame` is collected and sorted, and one with a
    pandas type is converted. A partitioned reader gets the partition of its own key; an unpartitioned reader
    of a partitioned asset gets all admitted partitions.
    """

    store: dg.ResourceDependency[StoreResource]

    def handle_output(self, context: dg.OutputContext, obj: "pl.DataFrame | Parts") -> None:
        """Enter the write into the ledger, replace the partition in one commit, and describe it to the UI."""
        store, table = self.store.open(), _table(context.asset_key)
        partition = Partition.from_key(context.partition_key) if table.partitioned else None
        given = context.output_metadata
        version = data_version(table, obj)
        store.ledger.begin_write(
            table,
            partition,
            data_version=version,
            code_version=_given_text(given, CODE_VERSION),
            rows=obj.height,
            extracted=_given_number(given, EXTRACTED),
            run_id=context.run_id,
            past_version=_given_text(given, PAST_VERSION),
        )
        delta_version = store.tables.overwrite(
            table, obj, partition=partition, run_id=context.run_id, data_version=version
        )
        rows = "dagster/partition_row_count" if table.partitioned else "dagster/row_count"
        context.add_output_metadata(
            {
                rows: obj.height,
                # the definition tells it of all partitions: 100 KB a day and source would fill event logs
                **({} if table.partitioned else described_columns(table)),
                "dagster/uri": store.location.table(table.name),
                "data_version": version[:16],
                # as text, because a counter of commits makes no plot worth looking at
                "delta_version": dg.MetadataValue.text(str(delta_version)),
            }
        )

    def load_input(self, context: dg.InputContext) -> "pl.DataFrame | pl.LazyFrame | pd.DataFrame":
        """Return admitted rows. Raises NotAdmittedError when the wanted partition is not admitted."""
        store, table = self.store.open(), _table(context.asset_key)
        wanted = context.dagster_type.typing_type
        if table.partitioned and not _reads_one_partition(context):
            rows = store.scan_admitted(table)
            return rows if wanted is pl.LazyFrame else rows.collect()
        partition = Partition.from_key(context.partition_key) if table.partitioned else None
        if wanted is pl.LazyFrame and partition is not None:
            return store.scan_admitted_partition(table, partition)
        frame = store.read_admitted(table, partition)
        if wanted is pl.LazyFrame:
            return frame.lazy()
        return frame if wanted is pl.DataFrame else frame.to_pandas()


def _reads_one_partition(context: dg.InputContext) -> bool:
    # In the run of one partition an unpartitioned reader has that partition's key too, and still reads all.
    return context.has_partition_key and list(context.asset_partition_keys) == [context.partition_key]


def _table(key: dg.AssetKey) -> Table:
    return TABLES[key.path[-1]]


def _given_text(metadata: object, name: str) -> str | None:
    value = _given(metadata, name)
    return None if value is None else str(value)


def _given_number(metadata: object, name: str) -> int | None:
    value = _given(metadata, name)
    return int(value) if isinstance(value, int | float) else None


def _given(metadata: object, name: str) -> object:
    value = metadata.get(name) if isinstance(metadata, dict) else None
    return value.value if isinstance(value, dg.MetadataValue) else value
