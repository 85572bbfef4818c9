"""The records asset, and quarantine beside it: typed things extracted from the pages that changed."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output
from webdata_assets.assets.extracted import about_quarantine, about_records
from webdata_assets.assets.growing import batches_of, extract_new
from webdata_assets.assets.selector_rot import about_lost_fields, find_lost_fields
from webdata_assets.io_managers.table import CODE_VERSION, EXTRACTED
from webdata_assets.orchestration.work import COMPUTE, asset_work, step_work
from webdata_assets.partitions import Partition
from webdata_assets.resources import ExtractorResource, SourcesResource, StoreResource
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.clean.cleaner import clean_batches
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.stages.parts import FrameParts
from webdata_assets.store.extractions import KeptExtractions
from webdata_assets.store.payloads import Payloads
from webdata_assets.store.selector_proposals import record

_BATCH_TRIES = 3

_OUTPUTS: Mapping[str, Mapping[str, Any]] = {
    "records": describe(RECORDS, kinds={"polars"}, code_version="2"),
    "quarantine": describe(QUARANTINE, kinds={"polars"}, code_version="2"),
}


def build_records(grid: dg.PartitionsDefinition[str], pages_per_step: int = 0) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; it reads stored payloads and no network.

    Args:
        grid: the partitions.
        pages_per_step: partitions with more pages are read in steps of so many. With 0 there is no further
            step.
    """
    outs = {name: dg.AssetOut(**about) for name, about in _OUTPUTS.items()}
    if pages_per_step > 0:
        return _build_in_steps(grid, outs, pages_per_step)

    @dg.multi_asset(name="extract_records", partitions_def=grid, outs=outs, **asset_work(COMPUTE))
    def extract_records(
        context: dg.AssetExecutionContext,
        pages: pl.LazyFrame,
        sources: SourcesResource,
        extractor: ExtractorResource,
        store: StoreResource,
    ) -> Iterator[dg.Output[Any]]:
        yield from _extract_and_output(context, pages, sources, extractor, store)

    return extract_records


def _build_in_steps(
    grid: dg.PartitionsDefinition[str], outs: Mapping[str, dg.AssetOut], pages_per_step: int
) -> dg.AssetsDefinition:
    """Return the asset as a graph: steps read batches of pages, and one last step cleans what they gave.

    Steps hand each other nothing: what a batch gave is kept beside the tables, and which pages it has follows
    from the pages and from its number. What a killed run has read is not read again. Sources that remove
    templates are read in one step, because what is a template follows from many pages together.
    """

    @dg.op(out=dg.DynamicOut(dg.Nothing), **step_work(COMPUTE))
    def plan_batches(
        context: dg.OpExecutionContext, pages: pl.LazyFrame, sources: SourcesResource
    ) -> Iterator[dg.DynamicOutput[None]]:
        source = sources.get(Partition.from_key(context.partition_key).source)
        batches = [] if source.extract.remove_templates else batches_of(pages, pages_per_step)
        context.log.info("%d batches", len(batches))
        for number in range(len(batches)):
            yield dg.DynamicOutput(None, mapping_key=str(number))

    @dg.op(
        ins={"planned": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=dg.RetryPolicy(max_retries=_BATCH_TRIES - 1, delay=1, backoff=dg.Backoff.EXPONENTIAL),
        **step_work(COMPUTE),
    )
    def extract_batch(
        context: dg.OpExecutionContext,
        pages: pl.LazyFrame,
        sources: SourcesResource,
        extractor: ExtractorResource,
        store: StoreResource,
    ) -> None:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        kept = KeptExtractions(store.open().location, partition, extractor_version(source))
        batch = batches_of(pages, pages_per_step)[int(context.get_mapping_key() or 0)]
        rows = batch.rows_of(pages)
        for _ in extract_new(extractor.pool(), source, rows, kept, context.log.info):
            pass

    @dg.op(
        ins={"batches": dg.In(dg.Nothing)},
        out={name: dg.Out(io_manager_key="io_manager") for name in outs},
        **step_work(COMPUTE),
    )
    def gather_records(
        context: dg.OpExecutionContext,
        pages: pl.LazyFrame,
        sources: SourcesResource,
        extractor: ExtractorResource,
        store: StoreResource,
    ) -> Iterator[dg.Output[Any]]:
        yield from _extract_and_output(context, pages, sources, extractor, store, is_in_steps=True)

    @dg.graph_multi_asset(name="extract_records", partitions_def=grid, outs=outs)
    def extract_records(pages: pl.LazyFrame) -> Any:
        planned = plan_batches(pages)
        read = planned.map(lambda batch: extract_batch(planned=batch, pages=pages))
        return gather_records(batches=read.collect(), pages=pages)

    return extract_records


def _extract_and_output(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    pages: pl.LazyFrame,
    sources: SourcesResource,
    extractor: ExtractorResource,
    store: StoreResource,
    *,
    is_in_steps: bool = False,
) -> Iterator[dg.Output[Any]]:
    partition = Partition.from_key(context.partition_key)
    source, opened, pool = sources.get(partition.source), store.open(), extractor.pool()
    version, grows = extractor_version(source), source.arrival is not None
    kept = KeptExtractions(opened.location, partition, version)
    if (grows or is_in_steps) and not source.extract.remove_templates:
        extractions = extract_new(pool, source, pages, kept, context.log.info)
    else:
        removes = source.extract.remove_templates
        extractions = pool.extract(
            source,
            Payloads.of_pages(pages),
            templates=pool.learn_templates(source, Payloads.of_pages(pages)) if removes else None,
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
    if is_in_steps and not grows:
        # both tables are committed once the outputs are consumed; before that a rerun needs what was read
        kept.drop()
