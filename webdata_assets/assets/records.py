"""The records asset, and quarantine beside it: typed things extracted from the pages that changed."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output, sample
from webdata_assets.io_managers.table import CODE_VERSION, EXTRACTED
from webdata_assets.partitions import Partition
from webdata_assets.resources import ExtractorResource, SourcesResource
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.clean.cleaner import Cleaned, clean_batches
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.stages.parts import FrameParts
from webdata_assets.store.payloads import Payloads


def build_records(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; it reads stored payloads and no network."""

    @dg.multi_asset(
        name="extract_records",
        partitions_def=grid,
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
    ) -> Iterator[dg.Output[Any]]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        pool, templates = extractor.pool(), None
        if source.extract.remove_templates:
            templates = pool.learn_templates(source, Payloads.of_pages(pages))
        extractions = pool.extract(
            source,
            Payloads.of_pages(pages),
            templates=templates,
            total=Payloads.count(pages),
            tell=context.log.info,
        )
        cleaned = clean_batches(source, partition.date, extractions)
        facts = {EXTRACTED: cleaned.extracted, CODE_VERSION: extractor_version(source)}
        yield output(
            RECORDS, FrameParts(cleaned.records), {**facts, **_about_records(cleaned)}, name="records"
        )
        yield output(QUARANTINE, cleaned.quarantine, _about_quarantine(cleaned.quarantine), name="quarantine")

    return extract_records


def _about_records(cleaned: Cleaned) -> Mapping[str, Any]:
    hits = [
        dg.TableRecord({"field": field, "selector": selector, "matches": matches})
        for field, selectors in sorted(cleaned.selector_hits.items())
        for selector, matches in selectors.items()
    ]
    return {
        "duplicates": cleaned.records["duplicate_of"].is_not_null().sum(),
        "selector_matches": dg.MetadataValue.table(hits) if hits else dg.MetadataValue.text("none"),
    }


def _about_quarantine(quarantine: pl.DataFrame) -> Mapping[str, Any]:
    """Return how many records and pages were put aside, by disposition and by rule, and a sample."""
    counts = quarantine.group_by("disposition", "rule").agg(pl.struct("url", "ordinal").n_unique().alias("n"))
    refused = quarantine.filter(pl.col("disposition") == "refused")
    about: dict[str, Any] = {
        "quarantined_records": refused.select("url", "ordinal").n_unique(),
        "filtered_records": quarantine.height - refused.height,
        **sample(quarantine, ["url", "field", "reason", "value"]),
    }
    for disposition, name in (("refused", "refused_by_rule"), ("filtered", "dropped_by_reason")):
        rows = counts.filter(pl.col("disposition") == disposition).sort("n", "rule", descending=[True, False])
        if rows.height:
            table = [dg.TableRecord({"rule": rule, "records": n}) for _, rule, n in rows.iter_rows()]
            about[name] = dg.MetadataValue.table(table)
    return about
