"""What the tests of vendors share: the http ways to them, and a clock that does not wait."""

from collections.abc import AsyncIterator

import pytest

from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets_tests.crawl.harness import FastClock


@pytest.fixture(params=[CurlTransport, HttpTransport])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    transport = request.param()
    yield transport
    await transport.close()


@pytest.fixture
def clock() -> FastClock:
    return FastClock()
