"""The store of shared rates in PostgreSQL, for all machines of one deployment.

What belongs here: its two tables, its statements, and asking again after a restart of the server. What does
not: what a store is (rate_store.py), and waiting (rates.py).
"""

import time
from collections.abc import Sequence
from string import Template
from typing import TYPE_CHECKING, Any, NoReturn

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.politeness.rate_store import (
    MAX_AHEAD_SECONDS,
    PATIENCE_SECONDS,
    RateStoreError,
    label_of,
)

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 5
_RETRY_SECONDS = 0.25
_STATEMENT_MS = 10_000
_LOCK = 7_306_310_552_417_310_001
"""Held while the tables are made: several processes begin at once."""
_REFUSED = ("authentication failed", "does not exist", "pg_hba.conf", "invalid")
"""Words of a failed connection after which a person has to act; there is no SQLSTATE of it."""
_MOMENTS = ("last_slot", "next_slot", "not_before", "probe_at", "leased_until")
_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS webdata_rates (
      host text PRIMARY KEY, last_slot float8 NOT NULL, next_slot float8 NOT NULL, not_before float8 NOT NULL,
      written_at float8 NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS webdata_breakers (
      host text PRIMARY KEY, probe_at float8 NOT NULL, leased_until float8 NOT NULL,
      written_at float8 NOT NULL
    )
    """,
)


def _statement(text: str) -> str:
    """Return a statement with `$clock` and the moments of the known row `r` put in.

    `clock_timestamp` is read once a statement, and in an update after the row's lock was waited for. A clock
    that was set back since a row was written takes the row's moments back with it.
    """
    known = f"LEAST(r.{{0}} - GREATEST(0, r.written_at - now), now + {MAX_AHEAD_SECONDS}) AS {{0}}"
    return Template(text).substitute(
        clock="(SELECT extract(epoch FROM clock_timestamp())::float8 AS now) AS clock",
        **{name: known.format(name) for name in _MOMENTS},
    )


_RESERVE = _statement("""
INSERT INTO webdata_rates AS r (host, last_slot, next_slot, not_before, written_at)
SELECT %(host)s, now + %(span)s, now + %(span)s + %(spacing)s, 0, now FROM $clock
ON CONFLICT (host) DO UPDATE SET (last_slot, next_slot, not_before, written_at) = (
  SELECT first + %(span)s, first + %(span)s + %(spacing)s, not_before, now FROM (
    SELECT GREATEST(now, next_slot, not_before, last_slot + %(spacing)s) AS first, not_before, now
    FROM (SELECT $last_slot, $next_slot, $not_before, now FROM $clock) AS known
  ) AS slots
)
RETURNING last_slot - %(span)s - written_at
""")
_DELAY = _statement("""
INSERT INTO webdata_rates AS r (host, last_slot, next_slot, not_before, written_at)
SELECT %(host)s, 0, 0, now + %(seconds)s, now FROM $clock
ON CONFLICT (host) DO UPDATE SET (last_slot, next_slot, not_before, written_at) = (
  SELECT last_slot, next_slot, GREATEST(not_before, now + %(seconds)s), now
  FROM (SELECT $last_slot, $next_slot, $not_before, now FROM $clock) AS known
)
""")
_DELAY_LEFT = _statement("""
SELECT GREATEST(0, not_before - now)
FROM (SELECT $not_before, now FROM webdata_rates AS r, $clock WHERE host = %(host)s) AS known
""")
_OPEN_BREAKER = _statement("""
INSERT INTO webdata_breakers AS r (host, probe_at, leased_until, written_at)
SELECT %(host)s, now + %(seconds)s, 0, now FROM $clock
ON CONFLICT (host) DO UPDATE
SET probe_at = EXCLUDED.probe_at, leased_until = 0, written_at = EXCLUDED.written_at
""")
_CLOSE_BREAKER = "DELETE FROM webdata_breakers WHERE host = %(host)s"
_SECONDS_TO_PROBE = _statement("""
SELECT GREATEST(0, probe_at - now)
FROM (SELECT $probe_at, now FROM webdata_breakers AS r, $clock WHERE host = %(host)s) AS known
""")
_CLAIM_PROBE = _statement("""
UPDATE webdata_breakers AS r
SET (probe_at, leased_until, written_at) = (
  SELECT probe_at, now + %(seconds)s, now FROM (SELECT $probe_at, now FROM $clock) AS known
)
WHERE host = %(host)s AND (
  SELECT GREATEST(probe_at, leased_until) <= now
  FROM (SELECT $probe_at, $leased_until, now FROM $clock) AS known
)
RETURNING host
""")


class PostgresRateStore:
    """One row a host and one statement a call, on the server's clock.

    A server that is gone is asked again for a minute: it may be in the middle of a restart, and what it was
    told before is in its tables. A statement that is repeated because its answer was lost leaves a slot
    unused, and gives none twice.
    """

    def __init__(self, address: str) -> None:
        """Connect, and make the tables if they are missing.

        Raises:
            RateStoreError: the server does not answer, or does not let this user.
            PermanentError: CONFIGURATION, the extra is not installed.
        """
        self._psycopg = _import_psycopg()
        self._address = address
        self._label = label_of(address)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._ask("SELECT 1", {})

    def reserve(self, host: str, spacing: float, count: int) -> float:
        """Reserve slots that far apart, after all that are reserved; return when the first is due."""
        span = (count - 1) * spacing
        [(first,)] = self._ask(_RESERVE, {"host": host, "spacing": spacing, "span": span})
        return max(0.0, float(first))

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long; a longer delay stays."""
        self._ask(_DELAY, {"host": host, "seconds": min(seconds, MAX_AHEAD_SECONDS)})

    def delay_left(self, host: str) -> float:
        """Return how long the host is to be left alone still."""
        rows = self._ask(_DELAY_LEFT, {"host": host})
        return float(rows[0][0]) if rows else 0.0

    def open_breaker(self, host: str, seconds_to_probe: float) -> None:
        """Note that the host is down, and that nobody asks it for that long from now."""
        self._ask(_OPEN_BREAKER, {"host": host, "seconds": min(seconds_to_probe, MAX_AHEAD_SECONDS)})

    def close_breaker(self, host: str) -> None:
        """Note that the host has answered a probe."""
        self._ask(_CLOSE_BREAKER, {"host": host})

    def seconds_to_probe(self, host: str) -> float | None:
        """Return how long nobody asks a host that is down, 0 once a probe is due; None if it is not."""
        rows = self._ask(_SECONDS_TO_PROBE, {"host": host})
        return float(rows[0][0]) if rows else None

    def claim_probe(self, host: str, lease_seconds: float) -> bool:
        """Take the probe that is due, which holds back others for that long; return whether it was had."""
        return bool(self._ask(_CLAIM_PROBE, {"host": host, "seconds": min(lease_seconds, MAX_AHEAD_SECONDS)}))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, statement: str, values: dict[str, object]) -> Sequence[tuple[Any, ...]]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                cursor = self._connection.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
            except self._psycopg.OperationalError as error:
                # without its text: that of a failed connection may repeat parts of the address
                self.close()
                if time.monotonic() > deadline or _is_refused(error):
                    self._fail(error)
            except self._psycopg.Error as error:
                self.close()
                self._fail(error)
            time.sleep(_RETRY_SECONDS)

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        connection: psycopg.Connection[tuple[Any, ...]] = self._psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            # as poolers between us and the server demand
            prepare_threshold=None,
        )
        with connection.transaction():
            # a server, or a network, that is stuck ends in an error and not in a crawl that stands still
            connection.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            for statement in _SCHEMA:
                connection.execute(statement)
        connection.execute(f"SET statement_timeout = {_STATEMENT_MS}")
        return connection

    def _fail(self, error: Exception) -> NoReturn:
        state = getattr(error, "sqlstate", None)
        reason = f"{type(error).__name__}{f', SQLSTATE {state}' if state else ''}"
        raise RateStoreError(
            self._label,
            reason,
            "start the server, or correct WEBDATA_SHARED_RATES and what its user may do",
        ) from None


def _is_refused(error: Exception) -> bool:
    """Return whether a person has to act first: an error that the server, up and running, gave itself."""
    return any(words in str(error) for words in _REFUSED)


def _import_psycopg() -> Any:
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise PermanentError(
            "WEBDATA_SHARED_RATES in PostgreSQL needs the extra: pip install 'webdata_assets[postgres]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return psycopg
