"""Servers that the tests of this room share."""

from collections.abc import Iterator

import pytest

from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """An empty PostgreSQL server."""
    with postgres_server() as running:
        yield running
