"""Earlier versions of tables: which one is meant, and which of them wrote a partition.

What belongs here: reading the log of one table. What does not: going back to a version (rollback.py).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.schemas import Table
from webdata_assets.store.location import Location


@dataclass(frozen=True)
class Version:
    """One commit of a table, as its log tells it."""

    number: int
    at: dt.datetime
    run_id: str | None
    partition: str | None
    data_version: str | None = None
    restored: int | None = None
    """The version that it went back to."""

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Version":
        """Read an entry of a table's history."""
        return cls(
            number=int(entry["version"]),
            at=dt.datetime.fromtimestamp(entry["timestamp"] / 1_000, dt.UTC),
            run_id=entry.get("run_id"),
            partition=entry.get("partition"),
            data_version=entry.get("data_version"),
            restored=int(entry["restored"]) if "restored" in entry else None,
        )

    @property
    def writer(self) -> tuple[str | None, str | None]:
        """The run, and the partition that it wrote; None for a whole table."""
        return self.run_id, self.partition

    def wrote(self, partition: Partition | None) -> bool:
        """Whether it wrote this partition, as a table that goes back whole; of None, whether a run did."""
        if self.run_id is None:
            return False
        return partition is None or self.partition in (None, partition.key)


def history(location: Location, table: Table) -> list[Version]:
    """Return the versions that the log still tells of, the newest first."""
    return [Version.of(entry) for entry in _opened(location, table).history()]


def version_at(location: Location, table: Table, to: int | dt.datetime) -> DeltaTable:
    """Return a table as it was at a version, or at a moment.

    Raises:
        PermanentError: CONFIGURATION, there is no such version, or its log entries are gone.
    """
    delta = _opened(location, table)
    newest = delta.version()
    if isinstance(to, int) and not 0 <= to <= newest:
        raise _unknown(table, to, f"its versions go up to {newest}")
    known = history(location, table)
    if isinstance(to, dt.datetime):
        earlier = [version.number for version in known if version.at <= to]
        if not earlier:
            raise _unknown(table, to, f"its log begins at {known[-1].at:%Y-%m-%dT%H:%M:%SZ}")
        to = max(earlier)
    try:
        delta.load_as_version(to)
    except (DeltaError, OSError) as error:
        oldest = known[-1].number
        raise _unknown(table, to, f"its log begins with version {oldest}: {error}") from error
    return delta


def newest_of(versions: list[Version], wanted: Callable[[Version], bool]) -> Version | None:
    """Return the newest version with a property; None where there is none."""
    return next((version for version in versions if wanted(version)), None)


def written_by(versions: list[Version], number: int, partition: Partition | None) -> str | None:
    """Return the data version that was last written before or by a version; None if the log does not tell.

    Args:
        versions: of the table, the newest first.
        number: of the version.
        partition: whose rows; the whole of an unpartitioned table if None.
    """
    key = partition.key if partition else None
    for version in versions:
        if version.number > number:
            continue
        if version.restored is not None:
            number = version.restored
        elif version.data_version is not None and version.partition == key:
            return version.data_version
    return None


def _opened(location: Location, table: Table) -> DeltaTable:
    return DeltaTable(location.table(table.name), storage_options=dict(location.options))


def _unknown(table: Table, to: int | dt.datetime, why: str) -> PermanentError:
    return PermanentError(
        f"{table.name} cannot go back to {to}: {why}. Versions are kept for WEBDATA_KEEP_VERSIONS_DAYS",
        failure_domain=FailureDomain.CONFIGURATION,
    )
