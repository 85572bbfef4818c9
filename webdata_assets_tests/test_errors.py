"""Whose fault an error is, as its text tells it once the error itself is gone."""

import errno
import os
import sqlite3
import traceback

import polars as pl
import psycopg2
import pytest

from webdata_assets.errors import FailureDomain, TransientError, domain_told
from webdata_assets_tests.servers.postgres import postgres_server
from webdata_assets_tests.site.answers import status
from webdata_assets_tests.site.mailboxes import free_port
from webdata_assets_tests.site.server import FaultServer


def told(error: Exception) -> str:
    return "".join(traceback.format_exception_only(error))


def test_a_typed_error_tells_its_domain():
    error = TransientError("no answer", failure_domain=FailureDomain.TARGET)
    assert domain_told(told(error)) is FailureDomain.TARGET


@pytest.mark.parametrize("library", ["polars", "deltalake"])
def test_a_store_that_a_library_cannot_reach_is_nobodys_bug(library: str):
    assert domain_told(read_with(library, f"http://127.0.0.1:{free_port()}")) is FailureDomain.RESOURCE


@pytest.mark.parametrize("library", ["polars", "deltalake"])
def test_a_store_that_refuses_a_library_asks_for_other_settings(library: str):
    with FaultServer() as site:
        for path in ("/bucket/rows.parquet", "/bucket/table/_delta_log/_last_checkpoint", "/bucket"):
            site.add(path, status(403))
        refused = read_with(library, f"http://{site.address}")
    assert domain_told(refused) is FailureDomain.CONFIGURATION


def read_with(library: str, endpoint: str) -> str:
    """Return how a library tells that it could not read from an S3 server."""
    from deltalake import DeltaTable

    options = {
        "aws_endpoint_url": endpoint, "aws_allow_http": "true",
        "aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_region": "us-east-1",
    }  # fmt: skip
    with pytest.raises(Exception) as raised:
        if library == "polars":
            never = {**options, "max_retries": 0}
            pl.scan_parquet("s3://bucket/rows.parquet", storage_options=never).collect()
        else:
            DeltaTable("s3://bucket/table", storage_options={**options, "max_retries": "0"})
    return told(raised.value)


def test_a_full_disk_is_nobodys_bug():
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert domain_told(told(error)) is FailureDomain.RESOURCE


@pytest.mark.parametrize("message", ["disk I/O error", "database or disk is full"])
def test_a_scratch_database_on_a_full_disk_is_nobodys_bug(message: str):
    assert domain_told(told(sqlite3.OperationalError(message))) is FailureDomain.RESOURCE


def test_a_history_that_cannot_be_reached_is_nobodys_bug():
    with pytest.raises(Exception) as raised:
        psycopg2.connect(f"postgresql://nobody@127.0.0.1:{free_port()}/dagster")
    assert domain_told(told(raised.value)) is FailureDomain.RESOURCE


def test_a_history_that_refuses_its_user_asks_for_other_settings():
    with postgres_server() as server, pytest.raises(Exception) as raised:
        psycopg2.connect(server.address, user="nobody")
    assert domain_told(told(raised.value)) is FailureDomain.CONFIGURATION


def test_any_other_error_tells_none():
    assert domain_told(told(KeyError("title"))) is None
    assert domain_told(told(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))) is None
