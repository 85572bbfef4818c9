"""A process that asks a server as fast as the shared rate lets it: `python -m … STORE PORT RATE`.

The store is a file, or a server's address. Each request says when its turn began.
"""

import asyncio
import sys
import time
from pathlib import Path

from webdata_assets.stages.crawl.clock import SystemClock
from webdata_assets.stages.crawl.politeness.pacing import Politeness
from webdata_assets.stages.crawl.politeness.rates import SharedRates
from webdata_assets.stages.crawl.politeness.shared import open_rate_store

WORKERS = 2


async def main(place: str, port: int, rate: float) -> None:
    store = open_rate_store(place if "://" in place else "", Path(place))
    politeness = Politeness(
        requests_per_second=rate, concurrency=WORKERS, clock=SystemClock(), rates=SharedRates(store)
    )

    async def work() -> None:
        while True:
            async with politeness.turn("site.test"):
                asked = f"GET /{time.monotonic()} HTTP/1.1\r\nHost: site.test\r\n\r\n"
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(asked.encode())
                await reader.read()
                writer.close()

    await asyncio.gather(*(work() for _ in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
