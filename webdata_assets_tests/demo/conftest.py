"""A running demo site, and a way to ask it."""

import datetime as dt
import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from webdata_assets.demo.server import DemoSite


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


@pytest.fixture
def ask(site: DemoSite) -> Ask:
    def _ask(host: str, path: str, date: dt.date | str | None = None, **headers: str) -> Answer:
        sent = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if date is not None:
            sent["X-As-Of"] = str(date)
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
        try:
            connection.request("GET", path, headers=sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, received, response.read())
        finally:
            connection.close()

    return _ask
