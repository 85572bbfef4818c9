"""Snowflake: its own connector against fakesnow's server."""

import itertools
import sys
import warnings

import polars as pl
import pytest
import snowflake.connector
from fakesnow import info_schema, server

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.sink import Shape, Sink
from webdata_assets.stages.deliver.sql import snowflake as module
from webdata_assets.stages.deliver.sql.snowflake import SnowflakeSink, _SnowflakeSession
from webdata_assets_tests.deliver.sink_contract import WIDE, SinkContract, deliver, frame, numbered
from webdata_assets_tests.deliver.sql.columns import SqlContract, spoil_after

_numbers = itertools.count()


def connection_to(port: str) -> dict[str, object]:
    return {
        "account": "fakesnow",
        "user": "fake",
        "database": "db1",
        "schema": "s1",
        "host": "127.0.0.1",
        "port": port,
        "protocol": "http",
        # fakesnow answers an error of its own by 500, which the connector would try again for minutes
        "network_timeout": 1,
    }


def snowflake_sink(address: str, shape: Shape) -> Sink:
    port, _, table = address.partition("#")
    return SnowflakeSink(connection_to(port), table, shape, password="snow")


@pytest.fixture(scope="module")
def port():
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
        # its MERGE notes a comment in a second database, which DuckDB refuses within our transaction
        patch.setattr(info_schema, "insert_table_comment_sql", lambda *given: "SELECT 1")
        with server() as given:
            yield str(given["port"])


def end_dead_sessions():
    """What Snowflake does with the transaction of a client that was killed, and fakesnow does not."""
    sessions = sys.modules["fakesnow.server"].sessions
    while sessions:
        sessions.popitem()[1].close()


class TestSnowflake(SqlContract, SinkContract):
    make = staticmethod(snowflake_sink)
    examples = 8
    rows = 60
    kills = 3

    @pytest.fixture
    def address(self, port):
        return f"{port}#records_{next(_numbers)}"

    def spoil(self, monkeypatch, address):
        spoil_after(monkeypatch, _SnowflakeSession)

    def snapshot(self, address):
        told = f"SELECT * FROM webdata_deliveries WHERE target = '{self.table(address)}'"
        return self.execute(address, told)

    def execute(self, address, statement):
        port = address.partition("#")[0]
        with snowflake.connector.connect(**connection_to(port), password="snow") as connection:
            return connection.cursor().execute(statement).fetchall()


def test_lists_keep_nulls_and_emptiness(port):
    shape = Shape(
        "record_id",
        pl.Schema({"record_id": pl.String(), "embedding": pl.List(pl.Float32()), "row_hash": pl.String()}),
    )
    rows = frame(
        [
            {"record_id": "a", "embedding": [0.1, 1e-45, None]},
            {"record_id": "b", "embedding": []},
            {"record_id": "c", "embedding": None},
        ],
        shape,
    )
    sink = snowflake_sink(f"{port}#vectors", shape)
    deliver(sink, rows, 1)
    assert sink.read().equals(rows)


def test_rows_travel_in_batches_of_bounded_size(port, monkeypatch):
    monkeypatch.setattr(module, "_BATCH_BYTES", 2_000)
    sink = snowflake_sink(f"{port}#batches", WIDE)
    deliver(sink, numbered(50), 1)
    assert sink.read().equals(numbered(50))


def test_a_secret_in_the_connection_is_refused_and_not_repeated():
    for name in ("password", "private_key", "token"):
        with pytest.raises(PermanentError, match=f"must not hold {name}") as caught:
            SnowflakeSink({**connection_to("1"), name: "secret-value"}, "records", WIDE)
        assert "secret-value" not in str(caught.value)
        assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_server_that_does_not_answer_is_tried_again():
    connection = {**connection_to("1"), "login_timeout": 1}
    with pytest.raises(TransientError) as caught:
        SnowflakeSink(connection, "records", WIDE, password="snow").read()
    assert caught.value.failure_domain is FailureDomain.SINK
