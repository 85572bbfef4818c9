"""Decisions on dead letters: what a person has said shall become of them, append-only."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table

DECISIONS = ("retry", "drop")
"""retry: asked again on the next partition, whatever the reason; drop: never asked again."""


class DeadLetterDecisions(dy.Schema):
    """One decision on one URL of a source. The newest counts."""

    source = columns.source_name()
    url = columns.url()
    decision = dy.String(nullable=False, check=lambda column: column.is_in(DECISIONS))
    reason = dy.String(nullable=True)
    """Why, in the person's words."""
    decided_by = dy.String(nullable=False)
    at = columns.moment()


DEAD_LETTER_DECISIONS = Table(
    name="dead_letter_decisions",
    schema=DeadLetterDecisions,
    description="What a person has decided on URLs that could not be fetched; the newest decision counts.",
    key=("source", "url", "at"),
    partitioned=False,
)
