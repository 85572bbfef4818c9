"""Selectors that stopped matching, each with the one that is proposed in their place."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class SelectorProposals(dy.Schema):
    """One field of one partition whose selectors no longer find it."""

    date = dy.Date(nullable=False)
    source = columns.source_name()
    field = dy.String(nullable=False)
    extractor = dy.String(nullable=False)
    """Version of the extraction that failed."""
    selectors = dy.List(dy.String(nullable=False), nullable=False)
    """Labels of the selectors that were tried, in their order; with others the proposal is out of date."""
    found_share = dy.Float64(nullable=False, min=0, max=1)
    """Share of the partition's records that have the field."""
    pages = dy.Int64(nullable=False, min=0)
    """Pages without it."""
    sample_urls = dy.List(columns.url(), nullable=False)
    """Up to three of them."""
    proposal = dy.String(nullable=True)
    """The proposed selector as one JSON object with the keys of a source file; null where none was found."""
    support = dy.Float64(nullable=True, min=0, max=1)
    """Share of held-out pages on which the proposal finds the value that the last admitted record had."""
    learnt_pages = dy.Int64(nullable=False, min=0)
    """Pages whose known values it was derived from."""
    held_out_pages = dy.Int64(nullable=False, min=0)
    is_constant = dy.Bool(nullable=True)
    """Whether the known values are all the same: such a proposal is never put in place without a person."""
    reason = dy.String(nullable=False)
    """How it was found, or why there is none, in our own words."""
    run_id = dy.String(nullable=False)
    at = columns.moment()


SELECTOR_PROPOSALS = Table(
    name="selector_proposals",
    schema=SelectorProposals,
    description="Fields whose selectors no longer match, with the proposed selector and its support.",
    key=("source", "field", "date", "at"),
    partitioned=False,
    is_log=True,
)
