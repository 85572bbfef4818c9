"""Column lineage: which columns of the tables above each column is made from.

What belongs here: the declaration, table by table. What does not: how a column is made (stages/), and which
tables an asset reads (assets/). Columns made of nothing above, such as a source's settings, are left out.
"""

from collections.abc import Mapping

from webdata_assets.schemas.lineage.origin import ColumnOrigin, Lineage
from webdata_assets.schemas.lineage.partitioned import PARTITIONED
from webdata_assets.schemas.lineage.unpartitioned import UNPARTITIONED

LINEAGE: Mapping[str, Lineage] = {**PARTITIONED, **UNPARTITIONED}
"""By the name of the table; frontier, slo, quality_report and storage are made from no table's columns."""

__all__ = ["LINEAGE", "ColumnOrigin", "Lineage"]
