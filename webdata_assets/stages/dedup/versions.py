"""Which records are to be compared: the newest version of each, and which of them are new.

What belongs here: what has changed since partitions were last compared. What does not: comparing.
"""

from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.fingerprints import BANDS

_PARTITION = ["date", "source"]


@dataclass(frozen=True)
class Versions:
    """The rows of admitted fingerprints, sorted out.

    Attributes:
        current: the newest version of each record, with `first_seen`, the oldest date of any of its versions,
            `changed`, whether it has to be compared, and `bands_at`, its place in `bands`.
        bands: of all versions.
        moved: ids of records in added partitions, and of sources of which partitions were withdrawn: only
            theirs can have another text, or another `first_seen`.
        lost: whether records may have vanished.
    """

    current: pl.DataFrame
    bands: pl.DataFrame
    moved: pl.Series
    lost: bool


def sort_out(fingerprints: pl.DataFrame, admitted: pl.DataFrame, compared: pl.DataFrame) -> Versions:
    """Return what is current, and what of it has not been compared.

    A record has been compared when the newest of its versions in partitions that are as they were has the
    same text. Where a partition was withdrawn or written anew, what it held is not known any more: records of
    its source that are not newer may have become current by that, and are compared again.

    Args:
        fingerprints: rows of admitted partitions; records without words left out.
        admitted: `date`, `source`, `data_version` of these partitions.
        compared: the same of the partitions as they were at the last comparison.
    """
    versions = [*_PARTITION, "data_version"]
    added = admitted.join(compared, on=versions, how="anti")
    withdrawn = compared.join(admitted, on=versions, how="anti")
    # bands stay where they are: sorting and joining would copy them each time
    rows = fingerprints.drop(BANDS).with_row_index("bands_at").with_columns(first_seen=pl.col("date"))
    in_added = _in_partitions(rows, added)
    ids = in_added["record_id"].unique()
    current = _newest(rows)
    changed_at = in_added["bands_at"]
    if current.height < rows.height:
        before = _newest(
            rows.filter(pl.col("record_id").is_in(ids.implode())).join(in_added, on="bands_at", how="anti")
        )
        same = before.join(current, on=["record_id", "text_hash"], how="semi")
        changed_at = in_added.join(same, on="record_id", how="anti")["bands_at"]
    changed = current["bands_at"].is_in(changed_at.implode())
    if withdrawn.height:
        doubted = current.select("source", "date").join(
            withdrawn.group_by("source").agg(doubted_to=pl.col("date").max()),
            on="source",
            how="left",
            maintain_order="left",
        )
        changed |= (doubted["date"] <= doubted["doubted_to"]).fill_null(False)
        ids = pl.concat([ids, current["record_id"].filter(doubted["doubted_to"].is_not_null())])
    return Versions(
        current.with_columns(changed=changed),
        fingerprints.select(BANDS),
        ids,
        withdrawn.height > 0,
    )


def _in_partitions(rows: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of some partitions; most others are told by date and source alone, which is quicker."""
    maybe = pl.all_horizontal(pl.col(name).is_in(partitions[name].implode()) for name in _PARTITION)
    return rows.filter(maybe).join(partitions, on=_PARTITION, how="semi")


def _newest(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the newest row of each record, with the date of its oldest."""
    if rows["record_id"].n_unique() == rows.height:
        return rows
    ordered = rows.sort("date", "source")
    oldest = ordered.unique("record_id", keep="first", maintain_order=True).select("record_id", "first_seen")
    newest = ordered.unique("record_id", keep="last", maintain_order=True).drop("first_seen")
    return newest.join(oldest, on="record_id", how="left", maintain_order="left").select(rows.columns)
