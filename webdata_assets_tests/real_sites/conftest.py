"""The servers of others, started once for a file of tests, and both http ways to them."""

import importlib.util
from collections.abc import Iterator

import pytest

from webdata_assets.stages.crawl.http.aiohttp import HttpTransport
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets_tests.crawl.transports import HttpWay
from webdata_assets_tests.real_sites import documentation
from webdata_assets_tests.real_sites.httpbin import NEEDS_HTTPBIN, Httpbin
from webdata_assets_tests.real_sites.nginx import NEEDS_NGINX, NGINX, Nginx, folders, with_faults
from webdata_assets_tests.real_sites.scrapy_mockserver import (
    ScrapyMockServer,
)
from webdata_assets_tests.source_distributions import NotReachableError, fetch_source

PAGE = "<!doctype html><title>One page</title>" + "<p>It is served by nginx in many ways.</p>" * 300
USER, PASSWORD = "reader", "s3cret"


@pytest.fixture(params=[CurlTransport, HttpTransport], ids=["curl", "aiohttp"])
def way(request: pytest.FixtureRequest) -> HttpWay:
    chosen: HttpWay = request.param
    return chosen


@pytest.fixture(scope="module")
def faulty_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    if NGINX is None:
        pytest.skip(NEEDS_NGINX)
    with with_faults(tmp_path_factory.mktemp("nginx"), PAGE, user=USER, password=PASSWORD) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def documentation_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    if NGINX is None:
        pytest.skip(NEEDS_NGINX)
    if not documentation.present():
        pytest.skip(documentation.NEEDS_DOCUMENTATION)
    with Nginx(tmp_path_factory.mktemp("nginx"), folders(documentation.present())) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Httpbin]:
    if not all(importlib.util.find_spec(name) for name in ("httpbin", "gunicorn")):
        pytest.skip(NEEDS_HTTPBIN)
    with Httpbin(tmp_path_factory.mktemp("httpbin")) as server:
        yield server


@pytest.fixture(scope="module")
def mockserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScrapyMockServer]:
    try:
        source = fetch_source("scrapy", holds="tests/mockserver/http.py")
    except NotReachableError as error:
        pytest.skip(f"Scrapy's source distribution cannot be fetched: {error}")
    with ScrapyMockServer(tmp_path_factory.mktemp("scrapy"), source) as server:
        yield server
