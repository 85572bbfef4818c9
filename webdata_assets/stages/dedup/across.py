"""Duplicates across all partitions: what is new is compared with everything, what is known is kept.

What belongs here: which texts are read and compared, and the clusters that follow. What does not: which
records are new (versions.py), where rows and texts lie (store/).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from webdata_assets.schemas.fingerprints import BANDS
from webdata_assets.schemas.near_duplicates import NEAR_DUPLICATES
from webdata_assets.stages.dedup.clusters import canonical_members
from webdata_assets.stages.dedup.fingerprint import SIMILARITY
from webdata_assets.stages.dedup.jaccard import jaccard
from webdata_assets.stages.dedup.pairs import compared_pairs, large_buckets
from webdata_assets.stages.dedup.versions import Versions, sort_out

ReadTexts = Callable[[pl.DataFrame], pl.Series]
"""Gives the texts of rows with `date`, `source` and `record_id`, in their order."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison gave.

    Attributes:
        near_duplicates: rows of that table, by record id.
        compared: how many records were compared with all others.
        texts_read: how many texts were read to verify what shared a band.
    """

    near_duplicates: pl.DataFrame
    compared: int
    texts_read: int


def compare(
    fingerprints: pl.DataFrame,
    admitted: pl.DataFrame,
    known: pl.DataFrame,
    compared: pl.DataFrame,
    read_texts: ReadTexts,
) -> Comparison:
    """Return the near-duplicates among the newest versions of all records.

    The result is a function of the fingerprints and texts alone, whatever was known before: partitions may
    arrive in any order. (Only where more than 32 different texts shared a band, and one of them has since
    been replaced or withdrawn, may a cluster be larger than a comparison from nothing would make it.)

    Args:
        fingerprints: `date`, `source`, `record_id`, `text_hash` and the bands of admitted partitions, records
            without words left out.
        admitted: `date`, `source` and `data_version` of these partitions.
        known: rows of `near_duplicates` as of the last comparison.
        compared: rows of `compared_partitions` as of the last comparison.
        read_texts: called for texts that share a band with a new one.
    """
    versions = sort_out(fingerprints, admitted, compared)
    known = _still_true(known, versions)
    return _Comparing(versions, known, read_texts).result()


def _still_true(known: pl.DataFrame, versions: Versions) -> pl.DataFrame:
    """Add `broken` to known rows: whether any member of the cluster has another text now, or none."""
    texts = versions.current.select("record_id", "text_hash")
    doubtful = known
    if not versions.lost:
        moved = versions.moved.implode()
        doubtful = known.filter(pl.col("record_id").is_in(moved) | pl.col("duplicate_of").is_in(moved))
        ids = pl.concat([doubtful["record_id"], doubtful["duplicate_of"]]).implode()
        texts = texts.filter(pl.col("record_id").is_in(ids))
    kept = doubtful.join(texts, on=["record_id", "text_hash"], how="semi").join(
        texts.rename({"record_id": "duplicate_of", "text_hash": "original_hash"}),
        on=["duplicate_of", "original_hash"],
        how="semi",
    )
    broken = doubtful.join(kept, on="record_id", how="anti")["duplicate_of"].unique()
    return known.with_columns(broken=pl.col("duplicate_of").is_in(broken.implode()))


class _Comparing:
    """One comparison: records by their place among the current ones."""

    def __init__(self, versions: Versions, known: pl.DataFrame, read_texts: ReadTexts) -> None:
        self.current = versions.current.with_columns(bands_at=np.arange(versions.current.height))
        self.moved = versions.moved
        self.known = known
        self.read_texts = read_texts
        self.texts_read = 0
        self.ids = self.current["record_id"]
        places = versions.current["bands_at"]
        self.bands = versions.bands if places.len() == versions.bands.height else versions.bands[places]

    def result(self) -> Comparison:
        changed, touched = self._changed_and_touched()
        # known clusters that may grow, or get another canonical member
        near = pl.concat([self.ids.filter(pl.Series(touched)), self.moved]).implode()
        reached = self.known.filter(pl.col("record_id").is_in(near) | pl.col("duplicate_of").is_in(near))
        involved = touched | self._in_clusters_of(reached)
        rows = self.current.with_columns(changed=changed, touched=touched).filter(involved)
        found = self._clusters(rows.sort("first_seen", "record_id"))
        names = list(NEAR_DUPLICATES.polars_schema)
        kept = self.known.join(reached, on="duplicate_of", how="anti").filter(~pl.col("broken"))
        return Comparison(
            pl.concat([kept.select(names), found.select(names)]).sort("record_id"),
            int(changed.sum()),
            self.texts_read,
        )

    def _changed_and_touched(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which records are compared, and which may be like one of them.

        Compared are new records, those of broken clusters, and those of changed crowds. In a crowd, a bucket
        too large for all pairs, who is compared with whom depends on all its members.
        """
        changed = self.current["changed"].to_numpy() | self._in_clusters_of(self.known.filter("broken"))
        while True:
            touched = self._sharing_a_band(changed)
            if changed.all() or not changed.any():
                return changed, touched
            texts = _texts(self.current.with_columns(changed=changed).filter(touched))
            new = texts["changed"].to_numpy()
            buckets = large_buckets(self._bands_of(texts))
            crowds = [members for members in buckets if new[members].any()]
            if not crowds:
                return changed, touched
            crowd = texts["text_hash"].gather(np.concatenate(crowds)).unique().implode()
            grown = changed | self.current["text_hash"].is_in(crowd).to_numpy()
            ids = self.ids.filter(pl.Series(grown)).implode()
            reached = pl.col("record_id").is_in(ids) | pl.col("duplicate_of").is_in(ids)
            grown |= self._in_clusters_of(self.known.filter(reached))
            if (grown == changed).all():
                return changed, touched
            changed = grown

    def _in_clusters_of(self, known: pl.DataFrame) -> NDArray[np.bool_]:
        """Return which records are in the clusters of some of the known rows."""
        canonical = known["duplicate_of"].unique()
        others = self.known.filter(pl.col("duplicate_of").is_in(canonical.implode()))["record_id"]
        return self.ids.is_in(pl.concat([canonical, others]).implode()).to_numpy()

    def _sharing_a_band(self, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which records share a band with one of those, themselves included."""
        if changed.all():
            return changed
        wanted = self.bands.filter(pl.Series(changed))
        sharing = pl.any_horizontal(pl.col(band).is_in(wanted[band].implode()) for band in BANDS)
        return self.bands.select(sharing).to_series().to_numpy()

    def _bands_of(self, texts: pl.DataFrame) -> NDArray[np.int32]:
        """Return one row per text, one column per band."""
        return self.bands[texts["bands_at"]].to_numpy()

    def _clusters(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the near-duplicates among records, of which the canonical ones come first.

        Their texts are the nodes; what is known of them and what is found now are the edges.
        """
        texts = _texts(rows)
        node_of = dict(zip(texts["text_hash"], range(texts.height), strict=True))
        nodes = np.array([node_of[text] for text in rows["text_hash"]], np.int64)
        true = self.known.filter(
            ~pl.col("broken") & pl.col("duplicate_of").is_in(rows["record_id"].implode())
        )
        # every pair of a changed record is found again
        changed = rows.filter("changed")["record_id"].implode()
        edges = true.filter(~(pl.col("record_id").is_in(changed) & pl.col("duplicate_of").is_in(changed)))
        firsts = np.array([node_of[text] for text in edges["original_hash"]], np.int64)
        seconds = np.array([node_of[text] for text in edges["text_hash"]], np.int64)

        compared = np.flatnonzero(texts["touched"].to_numpy())

        def texts_of(numbers: NDArray[np.int64]) -> pl.Series:
            self.texts_read += numbers.size
            return self.read_texts(texts[numbers])

        pairs = compared_pairs(
            self._bands_of(texts[compared]),
            lambda numbers: texts_of(compared[numbers]),
            SIMILARITY,
            texts["changed"].gather(compared).to_numpy(),
        )
        alike = pairs.at_least(SIMILARITY)
        left, right = compared[alike.left], compared[alike.right]
        least = canonical_members(
            texts.height, np.concatenate([left, firsts]), np.concatenate([right, seconds])
        )
        canonical = least[nodes]
        found = (
            rows.select("record_id", "text_hash")
            .with_columns(
                node=nodes,
                canonical=canonical,
                duplicate_of=texts["record_id"].gather(canonical),
                original_hash=texts["text_hash"].gather(canonical),
            )
            .filter(pl.col("record_id") != pl.col("duplicate_of"))
        )
        measured = pl.DataFrame(
            {
                "canonical": compared[pairs.left],
                "node": compared[pairs.right],
                "measured": pairs.similarity,
            }
        )
        hashes = ["text_hash", "original_hash"]
        remembered = true.unique(hashes).select(*hashes, remembered="similarity")
        found = (
            found.join(measured, on=["canonical", "node"], how="left")
            .join(remembered, on=hashes, how="left")
            .with_columns(
                similarity=pl.when(pl.col("node") == pl.col("canonical"))
                .then(1.0)
                .otherwise(pl.coalesce("measured", "remembered"))
            )
        )
        unknown = found.filter(pl.col("similarity").is_null())
        exact = jaccard(texts_of, unknown["canonical"].to_numpy(), unknown["node"].to_numpy())
        return pl.concat(
            [found.filter(pl.col("similarity").is_not_null()), unknown.with_columns(similarity=exact)]
        )


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the first row of each text; changed where all are, touched where any is."""
    touched = [pl.col("touched").any()] if "touched" in rows.columns else []
    return rows.group_by("text_hash", maintain_order=True).agg(
        pl.col("record_id", "date", "source", "bands_at").first(), pl.col("changed").all(), *touched
    )
