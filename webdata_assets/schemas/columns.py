"""Column types that several tables share, so that one thing has one type everywhere."""

import dataframely as dy

from webdata_assets.sources.model import SOURCE_NAME_PATTERN

HASH_PATTERN = r"^[0-9a-f]{64}$"


def source_name() -> dy.String:
    """The name of a source, as its file gives it."""
    return dy.String(nullable=False, regex=SOURCE_NAME_PATTERN)


def url(*, nullable: bool = False) -> dy.String:
    """An absolute, canonical http or https URL (WHATWG)."""
    return dy.String(nullable=nullable, regex=r"^https?://")


def blake3_hash(*, nullable: bool = False) -> dy.String:
    """A BLAKE3 digest in lower-case hexadecimal."""
    return dy.String(nullable=nullable, regex=HASH_PATTERN)


def moment(*, nullable: bool = False) -> dy.Datetime:
    """A moment in UTC, to the microsecond."""
    return dy.Datetime(nullable=nullable, time_unit="us", time_zone="UTC")


def money(*, nullable: bool = True) -> dy.Decimal:
    """An amount in units of its currency, exact to four places, never negative."""
    return dy.Decimal(18, 4, nullable=nullable, min=0)
