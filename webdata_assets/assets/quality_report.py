"""The quality report asset: what the store says of itself, as one HTML page a day."""

import time

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.resources import ClockResource, SourcesResource, StoreResource
from webdata_assets.schemas.quality_report import QUALITY_REPORT
from webdata_assets.stages.observe.report.page import render
from webdata_assets.store.report_facts import gather
from webdata_assets.store.reports import page_hash, write_report

ENDS = ("monitoring", "delivery")
"""The ends of the graph: it tells of them and of all above them, admitted or not. Nothing of it is loaded as
an input, and nothing of it must be there; arrows from every table would hide the others."""
AFTER_OTHERS = {"dagster/priority": "-1"}
"""It reads `slo` too, and is made after it in the same run. It does not depend on it: a report without
service levels is better than none on the day on which they fail."""


@dg.asset(
    name="quality_report",
    deps=[*ENDS],
    op_tags=AFTER_OTHERS,
    **describe(QUALITY_REPORT, kinds={"html"}, code_version="1"),
)
def quality_report(
    store: StoreResource, sources: SourcesResource, clock: ClockResource
) -> dg.Output[pl.DataFrame]:
    """Gather, render and store the page of today; the last one of a day stays."""
    started = time.perf_counter()
    opened, now = store.open(), clock.now()
    facts = gather(opened, sources.registry(), now)
    page = render(facts).encode()
    written = write_report(opened.location, facts.date, page)
    row = {
        "date": facts.date,
        "path": opened.location.relative(written),
        "bytes": len(page),
        "page_hash": page_hash(page),
        "sources": len(facts.sources),
        "partitions": facts.partitions,
        "failed_partitions": facts.inventory.total,
        "open_alerts": facts.alerts.height,
        "rendered_at": now,
    }
    earlier = opened.tables.read(QUALITY_REPORT).filter(pl.col("date") != facts.date)
    rows = pl.concat([earlier, pl.DataFrame([row], schema=QUALITY_REPORT.polars_schema)])
    return output(
        QUALITY_REPORT,
        rows.sort("date"),
        {
            # as a path, which the UI lets one copy: no browser follows a link from a server to a local file
            "report": dg.MetadataValue.path(written),
            "open_with": dg.MetadataValue.text("webdata report --open"),
            "bytes": len(page),
            "seconds": time.perf_counter() - started,
            "sources": row["sources"],
            "partitions": row["partitions"],
            "failed_partitions": row["failed_partitions"],
            "open_alerts": row["open_alerts"],
        },
    )
