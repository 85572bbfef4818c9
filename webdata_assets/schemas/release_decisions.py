"""Decisions on releases: what a person has promoted or rolled back, append-only."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

DECISIONS = ("promote", "rollback")


class ReleaseDecisions(dy.Schema):
    """One decision. It counts until a model or an index state that is newer than it comes."""

    at = columns.moment()
    decision = dy.String(nullable=False, check=lambda column: column.is_in(DECISIONS))
    model_version = dy.String(nullable=True)
    """The model that shall be champion; null for none."""
    index_snapshot = dy.String(nullable=True)
    """The state of the index that shall be searched; null to leave the one in use."""
    left_model_version = dy.String(nullable=True)
    """The champion that was left by the decision; it does not come back by itself."""
    left_index_snapshot = dy.String(nullable=True)
    """The state of the index that was left; it does not come back by itself."""
    reason = dy.String(nullable=True)
    """Why, in the person's words."""
    decided_by = dy.String(nullable=False)


RELEASE_DECISIONS = Table(
    name="release_decisions",
    schema=ReleaseDecisions,
    description="What a person has promoted or rolled back.",
    key=("at",),
    partitioned=False,
)
