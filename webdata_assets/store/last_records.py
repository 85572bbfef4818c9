"""What the last admitted records of a source say, as of one partition's date.

What belongs here: finding them. What does not: comparing the new ones with them (stages/).
"""

from collections.abc import Collection, Sequence

import polars as pl

from webdata_assets.partitions import Partition
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.clean.drafts import fields_of
from webdata_assets.stages.extract.induction.lost import Known
from webdata_assets.stages.observe.completeness import present
from webdata_assets.store.store import Store


def last_shares(store: Store, partition: Partition, fields: Sequence[str]) -> dict[str, float]:
    """Return the share of records with each field in the newest admitted earlier partition that has any."""
    earlier = store.scan_earlier(RECORDS, partition)
    newest = earlier.select(pl.col("date").max()).collect().item()
    if newest is None:
        return {}
    columns = [name for name in fields if name in RECORDS.polars_schema]
    records = earlier.filter(pl.col("date") == newest).select(*columns, "extra").collect()
    return {name: float(present(records, name).mean() or 0) for name in fields}  # type: ignore[arg-type]


def last_values(
    store: Store, partition: Partition, places: pl.DataFrame, fields: Collection[str], *, are_items: bool
) -> list[Known]:
    """Return the newest admitted values of records, for the places where they are now.

    Args:
        places: `url`, `ordinal` and `record_id` of records; the last is null where the key was not found.
        fields: those that are wanted.
        are_items: whether a page holds several records: then only the id says which is which; otherwise the
            URL does, and the id where the URL is new.
    """
    urls, ids = places["url"].unique(), places["record_id"].drop_nulls().unique()
    columns = [name for name in fields if name in RECORDS.polars_schema]
    rows = (
        store.scan_earlier(RECORDS, partition)
        .filter(pl.col("record_id").is_in(ids.implode()) | pl.col("url").is_in(urls.implode()))
        .select("date", "url", "record_id", "ordinal", "extra", *columns)
        .sort("date", "record_id")
        .collect()
    )
    found = {row["record_id"]: row for row in rows.iter_rows(named=True)}
    by_url = {} if are_items else {row["url"]: row for row in rows.iter_rows(named=True)}
    known = []
    for url, ordinal, record_id in places.select("url", "ordinal", "record_id").iter_rows():
        row = by_url.get(url) or found.get(record_id)
        if row is not None:
            values = fields_of({**dict.fromkeys(RECORDS.polars_schema), **row})
            known.append(Known(url, ordinal, {name: values[name] for name in fields if name in values}))
    return known
