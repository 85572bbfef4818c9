"""What processes share of hosts, opened together: rates, and breakers.

What belongs here: opening and closing both in one place. What does not: what each of them does.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.politeness.rate_store import open_rate_store
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
