"""Snowflake: its own connector against fakesnow's server."""

import itertools
import sys
import time
import warnings

import duckdb
import polars as pl
import pytest
import snowflake.connector
from fakesnow import info_schema, server

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.sink import MismatchError, Shape, Sink
from webdata_assets.stages.deliver.sql import snowflake as module
from webdata_assets.stages.deliver.sql.snowflake import SnowflakeSink, _SnowflakeSession
from webdata_assets_tests.deliver import sink_contract
from webdata_assets_tests.deliver.sink_contract import (
    WIDE,
    SinkContract,
    deliver,
    frame,
    numbered,
    short_story,
)
from webdata_assets_tests.deliver.sql.columns import SqlContract, spoil_after

_numbers = itertools.count()
_TRIES = 20


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


class PatientSink(SnowflakeSink):
    """Tries again where Snowflake would have waited: fakesnow refuses the later of two that update a row."""

    def merge(self, rows, delivery):
        for _ in range(_TRIES):
            try:
                return super().merge(rows, delivery)
            except MismatchError:
                raise
            except TransientError as error:
                refused = error
        raise refused


def snowflake_sink(address: str, shape: Shape) -> Sink:
    port, _, table = address.partition("#")
    return PatientSink(connection_to(port), table, shape, password="snow")


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
        _, session = sessions.popitem()
        while True:
            try:
                session.close()
                break
            except duckdb.Error:
                # its last statement still runs
                time.sleep(0.02)


class SnowflakeContract(SqlContract, SinkContract):
    make = staticmethod(snowflake_sink)
    examples = 3
    rows = 20
    kills = 2

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

    def test_a_kill_at_any_moment_leaves_the_old_or_the_new_state(self, address, monkeypatch):
        kill = sink_contract.Worker.kill

        def kill_and_notice(worker):
            kill(worker)
            end_dead_sessions()

        monkeypatch.setattr(sink_contract.Worker, "kill", kill_and_notice)
        super().test_a_kill_at_any_moment_leaves_the_old_or_the_new_state(address)


@pytest.mark.soak
class TestSnowflake(SnowflakeContract):
    """The whole suite: fakesnow takes long over each statement."""


class ShortContract(SnowflakeContract):
    """What each test of it is worth here, in fewer examples."""

    examples = 2
    kills = 1


@pytest.fixture
def address(port):
    return f"{port}#records_{next(_numbers)}"


def test_the_suite_in_short(address):
    short_story(snowflake_sink(address, WIDE))


def test_rows_come_back_as_they_were_sent(address):
    ShortContract().test_rows_come_back_as_they_were_sent(address)


def test_a_new_column_comes_to_rows_that_are_there(address):
    ShortContract().test_a_new_column_comes_to_rows_that_are_there(address)


def test_what_the_target_does_not_keep_is_taken_back(address, monkeypatch):
    ShortContract().test_what_the_target_does_not_keep_is_taken_back(address, monkeypatch)


def test_a_kill_leaves_the_old_or_the_new_state(address, monkeypatch):
    ShortContract().test_a_kill_at_any_moment_leaves_the_old_or_the_new_state(address, monkeypatch)


def test_a_reader_sees_the_old_state_until_the_transaction_ends(port, monkeypatch):
    sink = snowflake_sink(f"{port}#while_merging", WIDE)
    deliver(sink, numbered(5), 1)
    apply, seen = _SnowflakeSession.apply, []

    def watched(session):
        counts = apply(session)
        seen.append(snowflake_sink(f"{port}#while_merging", WIDE).read())
        return counts

    monkeypatch.setattr(_SnowflakeSession, "apply", watched)
    deliver(sink, numbered(7, title="New"), 2)
    assert seen[0].equals(numbered(5))
    assert sink.read().equals(numbered(7, title="New"))


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
