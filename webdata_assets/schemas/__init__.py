"""What a row is: one schema class per table, read by stages, IO managers, checks and docs.

What belongs here: columns, types, row rules, and each table's key and blocking checks. What does not: how
rows are made (stages/) or stored (store/).
"""

from webdata_assets.schemas.changes import CHANGES
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.schemas.embeddings import EMBEDDINGS
from webdata_assets.schemas.features import FEATURES
from webdata_assets.schemas.fingerprints import FINGERPRINTS
from webdata_assets.schemas.frontier import FRONTIER
from webdata_assets.schemas.ledger import CHECK_RESULTS
from webdata_assets.schemas.model import MODEL
from webdata_assets.schemas.monitoring import MONITORING
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.schemas.pages import DEAD_LETTERS, PAGES
from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.schemas.release import RELEASE
from webdata_assets.schemas.slo import SLO
from webdata_assets.schemas.storage import STORAGE
from webdata_assets.schemas.table import Table
from webdata_assets.schemas.training_set import TRAINING_SET
from webdata_assets.schemas.vector_index import VECTOR_INDEX

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        FRONTIER, PAGES, DEAD_LETTERS, RECORDS, QUARANTINE, CHANGES, FEATURES, EMBEDDINGS,
        FINGERPRINTS, NEAR_DUPLICATES, COMPARED_PARTITIONS, CORPUS, VECTOR_INDEX,
        TRAINING_SET, MODEL, RELEASE, MONITORING, DELIVERY,
        SLO, QUALITY_REPORT, STORAGE,
    )
}  # fmt: skip
"""The table of each asset, by the asset's name, in the order of the graph."""

__all__ = ["CHECK_RESULTS", "TABLES", "Table"]
