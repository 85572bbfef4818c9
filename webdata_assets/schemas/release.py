"""Releases: which pair of model and index is in use, and which was before."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Release(dy.Schema):
    """One promoted pair. The newest row is what searches and predictions use; rows are only ever added."""

    release = dy.Int64(nullable=False, min=1)
    """Counts from 1."""
    index_snapshot = dy.String(nullable=False, min_length=1)
    """Name of the index's state; searches read exactly this one."""
    encoder = dy.String(nullable=True)
    """Model of the vectors in the index; null while it is empty."""
    chunks = dy.Int64(nullable=False, min=0)
    model_version = dy.String(nullable=True)
    """The champion; null while no model was good enough."""
    reason = dy.String(nullable=False)
    """What changed, in our own words."""
    run_id = dy.String(nullable=False)
    released_at = columns.moment()


RELEASE = Table(
    name="release",
    schema=Release,
    description="The promoted pairs of model and index; the newest one is in use.",
    key=("release",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "whole_pair"),
    unhashed=frozenset({"run_id", "released_at"}),
    is_log=True,
)
