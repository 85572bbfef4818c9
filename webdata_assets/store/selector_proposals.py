"""The log of fields whose selectors no longer match, and of what was proposed for them.

What belongs here: entering it, and which entries still hold. What does not: finding selectors
(stages/extract/induction), and putting one into a source file (sources/editing.py).
"""

from collections.abc import Mapping, Sequence

import orjson
import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.records import RECORDS
from webdata_assets.schemas.selector_proposals import SELECTOR_PROPOSALS
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.induction.lost import LostField
from webdata_assets.store.store import Store

COMMAND = "webdata selectors accept"
"""What puts a proposal into its source file; source and field follow."""
DEFAULT_EXTRACTION = "default extraction"
"""Stands for the selectors of a field that its source does not declare."""


def record(
    store: Store, partition: Partition, lost: Sequence[LostField], *, extractor: str, run_id: str
) -> None:
    """Enter fields that one run did not find, in one commit; nothing for none.

    Args:
        extractor: version of the extraction that failed to find them.
        run_id: of the run that writes the partition's records.
    """
    if not lost:
        return
    at = store.ledger.now()
    rows = [
        {
            "date": partition.date,
            "source": partition.source,
            "field": field.field,
            "extractor": extractor,
            "selectors": list(field.selectors),
            "found_share": field.found_share,
            "pages": field.pages,
            "sample_urls": list(field.sample_urls),
            "proposal": _proposal_of(field),
            "support": field.induced.proposals[0].support if field.induced.proposals else None,
            "learnt_pages": field.induced.learnt_pages,
            "held_out_pages": field.induced.held_out_pages,
            "is_constant": field.induced.is_constant,
            "reason": field.induced.reason,
            "run_id": run_id,
            "at": at,
        }
        for field in lost
    ]
    store.tables.append(SELECTOR_PROPOSALS, pl.DataFrame(rows, schema=SELECTOR_PROPOSALS.polars_schema))


def tried_selectors(source: Source, field: str) -> tuple[str, ...]:
    """Return the labels of the selectors by which a source looks for a field, in their order."""
    rule = source.extract.fields.get(field)
    return tuple(selector.label for selector in rule.from_) if rule else (DEFAULT_EXTRACTION,)


def selector_keys(selector: Selector) -> dict[str, str]:
    """Return the keys of a selector as a source file has them."""
    return selector.model_dump(exclude_none=True)


def as_selector(proposal: str) -> Selector:
    """Return the selector of a `proposal` column."""
    keys: Mapping[str, str] = orjson.loads(proposal)
    return Selector.model_validate(keys)


def current_proposals(store: Store, registry: Registry) -> pl.DataFrame:
    """Return the entries that still hold, at most one for each source and field, by source and field.

    An entry holds while the source is enabled and tries the same selectors for the field, and its partition's
    records are those of the run that entered it. Of several partitions, one with a proposal comes before one
    without, then the newest entry.

    Returns:
        The table's columns.
    """
    rows = store.tables.scan(SELECTOR_PROPOSALS).collect()
    if rows.is_empty():
        return rows
    tried = [
        (name, field, list(tried_selectors(source, field)))
        for name, field in rows.select("source", "field").unique().iter_rows()
        if (source := registry.enabled.get(name)) is not None
    ]
    schema = {name: rows.schema[name] for name in ("source", "field", "selectors")}
    still_tried = pl.DataFrame(tried, schema=schema, orient="row")
    written = store.ledger.states(RECORDS).select("date", "source", "run_id")
    return (
        rows.join(still_tried, on=["source", "field"], how="inner", suffix="_now")
        .filter(pl.col("selectors") == pl.col("selectors_now"))
        .join(written, on=["date", "source", "run_id"], how="semi")
        .sort(pl.col("proposal").is_not_null(), "at", "date")
        .group_by("source", "field", maintain_order=True)
        .last()
        .select(list(SELECTOR_PROPOSALS.polars_schema))
        .sort("source", "field")
    )


def of_partition(store: Store, partition: Partition, run_id: str) -> dict[str, dict[str, object]]:
    """Return the entries that one run made for one partition, as rows by field."""
    rows = store.tables.scan(SELECTOR_PROPOSALS).filter(
        (pl.col("date") == partition.date)
        & (pl.col("source") == partition.source)
        & (pl.col("run_id") == run_id)
    )
    return {row["field"]: row for row in rows.sort("at").collect().iter_rows(named=True)}


def _proposal_of(field: LostField) -> str | None:
    if not field.induced.proposals:
        return None
    return orjson.dumps(selector_keys(field.induced.proposals[0].selector)).decode()
