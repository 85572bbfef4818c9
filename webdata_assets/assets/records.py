"""The records asset, and quarantine beside it: typed things extracted from the pages that changed."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.extracted import about_quarantine, about_records
from webdata_assets.assets.growing import extract_new
from webdata_assets.assets.selector_rot import about_lost_fields, find_lost_fields
from webdata_assets.io_managers.table import CODE_VERSION, EXTRACTED
from webdata_assets.orchestration.work import COMPUTE, asset_work
from webdata_assets.partitions import Partition
from webdata_assets.resources import ExtractorResource, SourcesResource, StoreResource
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.clean.cleaner import clean_batches
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.stages.parts import FrameParts
from webdata_assets.store.extractions import KeptExtractions
from webdata_assets.store.payloads import Payloads
from webdata_assets.store.selector_proposals import record


def build_records(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; it reads stored payloads and no network."""

    @dg.multi_asset(
        name="extract_records",
        partitions_def=grid,
        **asset_work(COMPUTE),
        outs={
            "records": dg.AssetOut(**describe(RECORDS, kinds={"polars"}, code_version="2")),
            "quarantine": dg.AssetOut(**describe(QUARANTINE, kinds={"polars"}, code_version="2")),
        },
    )
    def extract_records(
        context: dg.AssetExecutionContext,
        pages: pl.LazyFrame,
        sources: SourcesResource,
        extractor: ExtractorResource,
        store: StoreResource,
    ) -> Iterator[dg.Output[Any]]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        pool, templates = extractor.pool(), None
        if source.extract.remove_templates:
            templates = pool.learn_templates(source, Payloads.of_pages(pages))
        version, opened = extractor_version(source), store.open()
        if source.arrival is not None and not source.extract.remove_templates:
            # the partition grows: what it gave before is not read again
            kept = KeptExtractions(opened.location, partition, version)
            extractions = extract_new(pool, source, pages, kept, context.log.info)
        else:
            extractions = pool.extract(
                source,
                Payloads.of_pages(pages),
                templates=templates,
                total=Payloads.count(pages),
                tell=context.log.info,
            )
        cleaned = clean_batches(source, partition.date, extractions)
        lost = find_lost_fields(opened, source, partition, cleaned, pages, pool.run)
        for field in lost:
            context.log.warning(f"SelectorNotFound: {source.name}.{field.field}: {field.induced.reason}")
        record(opened, partition, lost, extractor=version, run_id=context.run.run_id)
        facts = {EXTRACTED: cleaned.extracted, CODE_VERSION: version, **about_lost_fields(source, lost)}
        yield output(
            RECORDS, FrameParts(cleaned.records), {**facts, **about_records(source, cleaned)}, name="records"
        )
        yield output(QUARANTINE, cleaned.quarantine, about_quarantine(cleaned.quarantine), name="quarantine")

    return extract_records
