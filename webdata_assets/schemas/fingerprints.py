"""Fingerprints: by which texts that are alike find each other, without being read."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


def _band() -> dy.Int32:
    return dy.Int32(nullable=False)


class Fingerprints(dy.Schema):
    """What is compared of one record's text.

    The bands are columns of their own and not a list: each comparison scans them all, and a list takes five
    times as long to read.
    """

    date = dy.Date(nullable=False)
    source = columns.source_name()
    record_id = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    text_hash = dy.String(nullable=False, regex=r"^[0-9a-f]{32}$")
    """Equal for texts with the same words in the same order, without case and white space."""
    shingles = dy.Int32(nullable=False, min=0)
    """Word shingles of the text, repetitions included; 0 where it has no word."""
    band_01 = _band()
    """Hash of the first band of its MinHash signature: texts that agree in one of the bands are compared."""
    band_02 = _band()
    band_03 = _band()
    band_04 = _band()
    band_05 = _band()
    band_06 = _band()
    band_07 = _band()
    band_08 = _band()
    band_09 = _band()
    band_10 = _band()
    band_11 = _band()
    band_12 = _band()
    band_13 = _band()
    band_14 = _band()
    band_15 = _band()
    band_16 = _band()
    band_17 = _band()
    band_18 = _band()
    method = dy.String(nullable=False)
    """shingle size/bands × rows/version: only fingerprints of one method can be compared."""


BANDS = tuple(name for name in Fingerprints.columns() if name.startswith("band_"))
"""The columns that hold a band each, in their order."""

FINGERPRINTS = Table(
    name="fingerprints",
    schema=Fingerprints,
    description="MinHash bands of each record's text, by which near-duplicates are found in any partition.",
    key=("record_id",),
    blocking_checks=("schema", "unique_keys", "reconciliation"),
    unhashed=frozenset(BANDS),
    unrepeated=frozenset(BANDS),
)
