"""The records asset, and quarantine beside it: typed things extracted from the pages that changed."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from webdata_assets.assets.describe import describe, output, sample
from webdata_assets.io_managers.table import CODE_VERSION, EXTRACTED
from webdata_assets.partitions import Partition
from webdata_assets.resources import SourcesResource
from webdata_assets.schemas.records import QUARANTINE, RECORDS
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.extract.extractor import extract_pages, extractor_version
from webdata_assets.store.payloads import Payloads


def build_records(grid: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the multi-asset over the date × source grid; it reads stored payloads and no network."""

    @dg.multi_asset(
        name="extract_records",
        partitions_def=grid,
        outs={
            "records": dg.AssetOut(**describe(RECORDS, kinds={"polars"}, code_version="1")),
            "quarantine": dg.AssetOut(**describe(QUARANTINE, kinds={"polars"}, code_version="1")),
        },
    )
    def extract_records(
        context: dg.AssetExecutionContext, pages: pl.DataFrame, sources: SourcesResource
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        partition = Partition.from_key(context.partition_key)
        source = sources.get(partition.source)
        extraction = extract_pages(source, Payloads.of_pages(pages))
        cleaned = clean(source, partition.date, extraction)
        hits = [
            dg.TableRecord({"field": field, "selector": selector, "matches": matches})
            for field, selectors in sorted(extraction.selector_hits.items())
            for selector, matches in selectors.items()
        ]
        yield output(
            RECORDS,
            cleaned.records,
            {
                EXTRACTED: cleaned.extracted,
                CODE_VERSION: extractor_version(source),
                "duplicates": cleaned.records["duplicate_of"].is_not_null().sum(),
                "selector_matches": dg.MetadataValue.table(hits) if hits else dg.MetadataValue.text("none"),
            },
            name="records",
        )
        yield output(
            QUARANTINE,
            cleaned.quarantine,
            {
                "quarantined_records": cleaned.quarantine.select("url", "ordinal").n_unique(),
                **sample(cleaned.quarantine, ["url", "field", "reason", "value"]),
            },
            name="quarantine",
        )

    return extract_records
