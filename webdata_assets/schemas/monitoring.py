"""Monitoring: how far new data are from what the champion learnt from, and how it does on them."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

SIGNALS = ("psi_feature", "psi_component", "drifted_share", "domain_auc", "metric")


class Monitoring(dy.Schema):
    """One signal, measured on the records admitted since the champion was trained."""

    signal = dy.String(nullable=False, check=lambda column: column.is_in(SIGNALS))
    name = dy.String(nullable=False)
    """The feature, the number of the principal component, or the metric."""
    value = dy.Float64(nullable=True)
    """Null where there was too little to measure."""
    threshold = dy.Float64(nullable=True)
    breached = dy.Bool(nullable=False)
    reference_rows = dy.Int64(nullable=False, min=0)
    current_rows = dy.Int64(nullable=False, min=0)
    model_version = dy.String(nullable=True)
    """The champion; null while there is none."""
    measured_at = columns.moment()


MONITORING = Table(
    name="monitoring",
    schema=Monitoring,
    description="Drift of newly admitted records against the champion's training set, and its score on them.",
    key=("signal", "name"),
    partitioned=False,
    blocking_checks=("schema", "unique_keys"),
    unhashed=frozenset({"measured_at"}),
    is_log=True,
)
