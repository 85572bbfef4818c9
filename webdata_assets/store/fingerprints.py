"""What a comparison of records across partitions reads: fingerprints, the last comparison, and some texts.

What belongs here: which rows and columns are read, and how little. What does not: the comparison
(stages/dedup).
"""

from dataclasses import dataclass

import polars as pl

from webdata_assets.schemas.fingerprints import BANDS, FINGERPRINTS
from webdata_assets.schemas.near_duplicates import COMPARED_PARTITIONS, NEAR_DUPLICATES
from webdata_assets.schemas.records import RECORDS
from webdata_assets.stages.dedup.fingerprint import METHOD
from webdata_assets.store.store import Store

_VERSION = ["date", "source", "data_version"]
_RECORD = ["date", "source", "record_id"]


@dataclass(frozen=True)
class Admitted:
    """Fingerprints that may be compared.

    Attributes:
        rows: `date`, `source`, `record_id`, `text_hash` and the bands of texts with words.
        partitions: `date`, `source` and `data_version` of the partitions that they come from.
        outdated: partitions left out because an earlier method made their fingerprints.
    """

    rows: pl.DataFrame
    partitions: pl.DataFrame
    outdated: int


def read_fingerprints(store: Store) -> Admitted:
    """Return the fingerprints of admitted partitions, and only of those that nobody wrote meanwhile.

    A write enters the ledger before its commit: a partition that is admitted in one version before and after
    the reading was read in that version.
    """
    entries = store.ledger.version()
    before = after = store.ledger.states(FINGERPRINTS)
    stored, made_now = store.tables.scan(FINGERPRINTS), pl.col("method") == METHOD
    rows = stored.filter(made_now & (pl.col("shingles") > 0)).select(*_RECORD, "text_hash", *BANDS).collect()
    outdated = stored.filter(~made_now).select("date", "source").unique().collect()
    if store.ledger.version() != entries:
        after = store.ledger.states(FINGERPRINTS)
    partitions = before.filter("admitted").join(after.filter("admitted"), on=_VERSION, how="semi")
    partitions = partitions.select(_VERSION)
    usable = partitions.join(outdated, on=["date", "source"], how="anti").sort("date", "source")
    if usable.height < after.height:
        rows = rows.join(usable, on=["date", "source"], how="semi")
    return Admitted(rows, usable, partitions.height - usable.height)


def last_comparison(store: Store) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of `near_duplicates` and of `compared_partitions`; none unless both were admitted.

    Without them everything is compared anew, which a run that was killed halfway can ask for safely.
    """
    if any(store.ledger.admitted(table).is_empty() for table in (NEAR_DUPLICATES, COMPARED_PARTITIONS)):
        return NEAR_DUPLICATES.empty(), COMPARED_PARTITIONS.empty()
    return store.tables.read(NEAR_DUPLICATES), store.tables.read(COMPARED_PARTITIONS)


def read_texts(store: Store, rows: pl.DataFrame) -> pl.Series:
    """Return the texts of rows with `date`, `source` and `record_id`, in their order; null where none is.

    Only the files of their partitions are opened.
    """
    texts = (
        store.tables.scan(RECORDS)
        .filter(
            pl.col("date").is_in(rows["date"].unique().to_list())
            & pl.col("source").is_in(rows["source"].unique().to_list())
            & pl.col("record_id").is_in(rows["record_id"].unique().to_list())
        )
        .select(*_RECORD, "text")
        .collect()
    )
    return rows.select(_RECORD).join(texts, on=_RECORD, how="left", maintain_order="left")["text"]
