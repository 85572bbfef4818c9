"""What processes share of hosts, opened: the store that an address names, and rates and breakers over it.

What belongs here: opening and closing. What does not: what each of them does.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.politeness.rate_store import RateStore
from webdata_assets.stages.crawl.politeness.rate_store_sqlite import SqliteRateStore
from webdata_assets.stages.crawl.politeness.rates import SharedRates
from webdata_assets.stages.crawl.politeness.shared_breakers import SharedBreakers


@asynccontextmanager
async def open_shared(
    address: str, file: Path, clock: Clock
) -> AsyncIterator[tuple[SharedRates, SharedBreakers]]:
    """Open rates and breakers, and close them at the end of the block.

    Args:
        address: of the server that machines share; empty for none.
        file: that processes of this machine share, where there is no server.
        clock: by which they wait.

    Raises:
        PermanentError: CONFIGURATION, the address names no server that is known.
    """
    async with AsyncExitStack() as opened:
        rates = SharedRates(open_rate_store(address, file), clock)
        opened.push_async_callback(rates.close)
        breakers = SharedBreakers(open_rate_store(address, file), clock)
        opened.push_async_callback(breakers.close)
        yield rates, breakers


def open_rate_store(address: str, file: Path) -> RateStore:
    """Return the store that an address names.

    Args:
        address: `postgresql://…` or `redis://…` (`rediss://` with TLS); the file if empty. It may hold a
            password, and is never printed.
        file: of this machine, made if it is missing.

    Raises:
        RateStoreError: it cannot be used.
        PermanentError: CONFIGURATION, the address is of no kind that is known, or its extra is not installed.
    """
    if not address:
        return SqliteRateStore(file)
    scheme = address.partition("://")[0]
    if scheme in ("postgresql", "postgres"):
        from webdata_assets.stages.crawl.politeness.rate_store_postgres import PostgresRateStore

        return PostgresRateStore(address)
    if scheme in ("redis", "rediss"):
        from webdata_assets.stages.crawl.politeness.rate_store_redis import RedisRateStore

        return RedisRateStore(address)
    raise PermanentError(
        "WEBDATA_SHARED_RATES is no address of a server: write postgresql://user:password@host/database or "
        "redis://:password@host:6379/0",
        failure_domain=FailureDomain.CONFIGURATION,
    )
