"""Dagster's own storage in PostgreSQL, as the class that dagster.yaml names.

What belongs here: opening it at the setting `dagster_storage`. What does not: that file (instance_config.py).

The address has a password, so no file holds it: each process reads it from its own settings.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dagster_postgres import DagsterPostgresStorage

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings


class SettingsPostgresStorage(DagsterPostgresStorage):
    """Runs, events and schedules in the database that WEBDATA_DAGSTER_STORAGE names."""

    @classmethod
    def config_type(cls) -> Any:
        """Return the fields in dagster.yaml: none."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> DagsterPostgresStorage:  # type: ignore[override]  # noqa: ARG003
        """Open it. Raises PermanentError CONFIGURATION where this process has no address."""
        return cls(address_of(Settings()), inst_data=inst_data)


def address_of(settings: Settings) -> str:
    """Return the address as SQLAlchemy takes it: with the driver for which Dagster's storage is written.

    Raises:
        PermanentError: CONFIGURATION, the setting is empty, names something else, or holds a password that
            the database's client would take for another part, and repeat in its errors.
    """
    scheme, separator, rest = settings.dagster_storage.get_secret_value().partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise PermanentError(
            "Dagster's storage is in PostgreSQL here: set WEBDATA_DAGSTER_STORAGE=postgresql://… for this "
            "process too",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    if not _is_unmistakable(rest):
        raise PermanentError(
            "WEBDATA_DAGSTER_STORAGE is no address of PostgreSQL: write "
            "postgresql://user:password@host:5432/database, with `%40` for an `@` and `%2F` for a `/` within "
            "user or password",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return f"postgresql+psycopg2://{rest}"


def _is_unmistakable(rest: str) -> bool:
    """Tell whether everybody reads the same user, password and host in what follows the scheme."""
    try:
        parts = urlsplit(f"postgresql://{rest}")
        _ = parts.port
    except ValueError:
        return False
    behind = f"{parts.path}?{parts.query}#{parts.fragment}"
    return parts.netloc.count("@") <= 1 and "@" not in behind and "password" not in parse_qs(parts.query)
